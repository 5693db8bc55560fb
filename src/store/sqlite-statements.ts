import SQLite from 'better-sqlite3'
import type { QueryResult } from 'kysely'
import type { Query } from './prepared.ts'

/** The connection to a file, and its statements: Kysely would prepare one anew at each execution. */
export class Statements {
  readonly database: SQLite.Database
  readonly #prepared = new Map<string, SQLite.Statement<unknown[]>>()
  /** The database's `busy_timeout`, while it is 0 */
  #busyTimeout: unknown

  constructor(database: SQLite.Database) {
    this.database = database
  }

  execute<R>({ sql, parameters }: Query): QueryResult<R> {
    const statement = this.#prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters as unknown[]) as R[] }
    const { changes, lastInsertRowid } = statement.run(parameters as unknown[])
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  command(sql: string): void {
    this.#prepare(sql).run()
  }

  isReading({ sql }: Query): boolean {
    return this.#prepare(sql).readonly
  }

  /**
   * To wait for the lock of another process blocks the event loop. After one wait that was in vain nobody waits until
   * somebody got it.
   */
  lock(begin: string): void {
    try {
      this.command(begin)
    } catch (error) {
      if (error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY') {
        this.#busyTimeout ??= this.database.pragma('busy_timeout', { simple: true })
        this.database.pragma('busy_timeout = 0')
      }
      throw error
    }
    if (this.#busyTimeout === undefined) return
    this.database.pragma(`busy_timeout = ${this.#busyTimeout}`)
    this.#busyTimeout = undefined
  }

  #prepare(sql: string): SQLite.Statement<unknown[]> {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.database.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}
