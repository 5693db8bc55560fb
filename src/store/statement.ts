import { createHash } from 'node:crypto'
import type { Compilable, CompiledQuery, DialectAdapter, QueryResult } from 'kysely'
import type { Database } from './schema.ts'

/** What is executed of a compiled query */
export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>

/** The adapter of a dialect whose driver executes statements without a connection, which Kysely would have to hand out. */
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

// What stands for the parameters while a statement is built: each is used as a value, and nothing is computed from it.
const placeholders = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) })

const names = new Map<string, string>()

/**
 * What PostgreSQL may know a statement by, so that it parses and plans it once for each connection. Made of the text:
 * a pooler lets several processes use a connection.
 */
export const statementName = (text: string): string | undefined => names.get(text)

/** A statement that Kysely has built and compiled once: to do so each time takes longer than the statement itself. */
export interface Prepared<Parameters, Row> {
  /** Executes it and resolves to its rows. */
  (db: Database, parameters: Parameters): Promise<Row[]>
  /** As it is executed. */
  query(db: Database, parameters: Parameters): CompiledQuery<Row>
}

/** @param build is given placeholders for the parameters */
export function prepared<Parameters extends object, Row>(
  build: (db: Database, parameters: Parameters) => Compilable<Row>,
): Prepared<Parameters, Row> {
  // By dialect: transactions have the adapter of the database that they are on.
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
    // To hand a connection out takes Kysely half as long as SQLite the statement.
    const isAlone = isConnectionless(adapter) && !db.isTransaction
    const { rows } = await (isAlone ? adapter.execute<Row>(complete) : db.executeQuery<Row>(complete))
    return rows
  }

  return Object.assign(execute, { query })
}
