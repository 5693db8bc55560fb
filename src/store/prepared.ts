import { createHash } from 'node:crypto'
import type { Compilable, CompiledQuery, DialectAdapter, QueryResult } from 'kysely'
import type { Database } from './schema.ts'

/** Of a dialect whose driver needs no connection of its own for what is no part of a transaction. */
export interface DirectAdapter extends DialectAdapter {
  execute<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>>
}

const isDirect = (adapter: DialectAdapter): adapter is DirectAdapter => 'execute' in adapter

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

/**
 * A statement that Kysely builds and compiles once: to do so at each execution takes longer than the statement itself.
 *
 * @param build is given placeholders for the parameters
 * @returns executes it and resolves to its rows
 */
export function prepared<Parameters extends object, Row>(
  build: (db: Database, parameters: Parameters) => Compilable<Row>,
): (db: Database, parameters: Parameters) => Promise<Row[]> {
  // By dialect: transactions have the adapter of the database that they are on.
  const compiled = new WeakMap<object, CompiledQuery<Row>>()
  return async (db, parameters) => {
    const { adapter } = db.getExecutor()
    let query = compiled.get(adapter)
    if (query === undefined) {
      query = build(db, placeholders as Parameters).compile()
      compiled.set(adapter, query)
      names.set(query.sql, `rekindle_${createHash('sha256').update(query.sql).digest('hex').slice(0, 32)}`)
    }
    const values = query.parameters.map((value) =>
      value instanceof Placeholder ? parameters[value.name as keyof Parameters] : value,
    )
    const complete = { ...query, parameters: values }
    // To hand a connection out takes Kysely half as long as SQLite the statement.
    const isAlone = isDirect(adapter) && !db.isTransaction
    const { rows } = await (isAlone ? adapter.execute<Row>(complete) : db.executeQuery<Row>(complete))
    return rows
  }
}
