/** What really reaches SQLite: every statement that is prepared, and every one that is executed, in order. */
import type { TestContext } from 'node:test'
import SQLite from 'better-sqlite3'

export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export interface Recording {
  readonly prepared: string[]
  readonly executed: Statement[]
}

/** To be called before the database is opened. The real statements run, and are written down. */
export function recordStatements(t: TestContext): Recording {
  const recording: Recording = { prepared: [], executed: [] }
  const { prepare } = SQLite.prototype
  SQLite.prototype.prepare = function (this: SQLite.Database, sql: string) {
    recording.prepared.push(sql)
    const statement = prepare.call(this, sql)
    for (const method of ['all', 'run'] as const) {
      const original = statement[method].bind(statement) as (...parameters: unknown[]) => never
      statement[method] = (...parameters: unknown[]) => {
        recording.executed.push({ sql, parameters: parameters.flat() })
        return original(...parameters)
      }
    }
    return statement
  } as typeof prepare
  t.after(() => {
    SQLite.prototype.prepare = prepare
  })
  return recording
}
