/** The statements that reach the database: every one that is prepared, and every one that is executed, in order. */
import type { TestContext } from 'node:test'
import SQLite from 'better-sqlite3'
import { Client } from 'pg'

export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export interface Recording {
  readonly prepared: string[]
  readonly executed: Statement[]
}

/** The first words of each statement */
export const beginningsOf = (statements: readonly Statement[]): string[] =>
  statements.map(({ sql }) => sql.split(' ').slice(0, 3).join(' '))

/**
 * Call it before the database is opened. The real statements run, and are recorded.
 *
 * @param onExecuted called after each statement on SQLite
 */
export function recordStatements(t: TestContext, onExecuted?: (sql: string) => void): Recording {
  const recording: Recording = { prepared: [], executed: [] }
  const { prepare } = SQLite.prototype
  SQLite.prototype.prepare = function (this: SQLite.Database, sql: string) {
    recording.prepared.push(sql)
    const statement = prepare.call(this, sql)
    for (const method of ['all', 'run'] as const) {
      const original = statement[method].bind(statement) as (...parameters: unknown[]) => never
      statement[method] = (...parameters: unknown[]) => {
        recording.executed.push({ sql, parameters: parameters.flat() })
        const result = original(...parameters)
        onExecuted?.(sql)
        return result
      }
    }
    return statement
  } as typeof prepare
  const { query } = Client.prototype
  Client.prototype.query = function (
    this: Client,
    config: { text?: string; values?: unknown[] },
    ...more: unknown[]
  ) {
    // Without the queries that the pool makes itself when it connects.
    if (config.text !== undefined)
      recording.executed.push({ sql: config.text, parameters: config.values ?? [] })
    return Reflect.apply(query, this, [config, ...more])
  } as typeof query
  t.after(() => {
    SQLite.prototype.prepare = prepare
    Client.prototype.query = query
  })
  return recording
}
