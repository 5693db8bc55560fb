import { createHash } from 'node:crypto'
import type { Compilable, CompiledQuery, DialectAdapter, QueryResult, SelectQueryBuilder } from 'kysely'
import type { Database, Schema } from './schema.ts'
import { isPostgres } from './schema.ts'

/** The parts of a compiled query that are needed to execute it */
export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>

/** The adapter of a dialect that can execute statements without a connection from Kysely. */
export interface ConnectionlessAdapter extends DialectAdapter {
  execute<Row>(query: Query): Promise<QueryResult<Row>>
}

const isConnectionless = (adapter: DialectAdapter): adapter is ConnectionlessAdapter => 'execute' in adapter

class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

// Stand for the parameters while a statement is built. They may be used as values, but not in computations.
const placeholders = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) })

const names = new Map<string, string>()

/**
 * The name of a prepared statement, which PostgreSQL then parses and plans only once per connection. It is derived from
 * the text, because a pooler lets several processes use one connection.
 */
export const statementName = (text: string): string | undefined => names.get(text)

/** A statement that Kysely builds and compiles only once, because that takes longer than executing it. */
export interface Prepared<Parameters, Row> {
  /** Executes it and resolves to its rows. */
  (db: Database, parameters: Parameters): Promise<Row[]>
  /** @returns the compiled statement with its parameters */
  query(db: Database, parameters: Parameters): CompiledQuery<Row>
}

/** @param build gets placeholders for the parameters */
export function prepared<Parameters extends object, Row>(
  build: (db: Database, parameters: Parameters) => Compilable<Row>,
): Prepared<Parameters, Row> {
  // By adapter, which a transaction shares with its database
  const compiled = new WeakMap<object, CompiledQuery<Row>>()

  function query(db: Database, parameters: Parameters): CompiledQuery<Row> {
    const { adapter } = db.getExecutor()
    let compiledOnce = compiled.get(adapter)
    if (compiledOnce === undefined) {
      compiledOnce = build(db, placeholders as Parameters).compile()
      compiled.set(adapter, compiledOnce)
      const digest = createHash('sha256').update(compiledOnce.sql).digest('hex')
      names.set(compiledOnce.sql, `rekindle_${digest.slice(0, 32)}`)
    }
    const values = compiledOnce.parameters.map((value) =>
      value instanceof Placeholder ? parameters[value.name as keyof Parameters] : value,
    )
    return { ...compiledOnce, parameters: values }
  }

  async function execute(db: Database, parameters: Parameters): Promise<Row[]> {
    const { adapter } = db.getExecutor()
    const complete = query(db, parameters)
    // Kysely's handling of connections takes half as long as the statement on SQLite.
    const isAlone = isConnectionless(adapter) && !db.isTransaction
    const { rows } = await (isAlone ? adapter.execute<Row>(complete) : db.executeQuery<Row>(complete))
    return rows
  }

  return Object.assign(execute, { query })
}

/** A query that locks its rows. SQLite has only one writer at a time and needs no row locks. */
export const locked = <Table extends keyof Schema, Row>(
  db: Database,
  query: SelectQueryBuilder<Schema, Table, Row>,
) => (isPostgres(db) ? query.forNoKeyUpdate() : query)
