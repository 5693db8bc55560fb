import SQLite from 'better-sqlite3'
import type { QueryResult } from 'kysely'
import type { Query } from '../statement.ts'

/** A statement and its properties, because reading each of those calls native code. */
interface Prepared {
  readonly statement: SQLite.Statement<unknown[]>
  readonly isReader: boolean
  readonly isReadonly: boolean
}

/** The connection to a file and its prepared statements. Kysely would prepare a statement for each execution. */
export class Statements {
  readonly database: SQLite.Database
  readonly #prepared = new Map<string, Prepared>()
  /** The usual `busy_timeout`, while it is set to 0 */
  #busyTimeout: number | undefined

  constructor(database: SQLite.Database) {
    this.database = database
  }

  execute<R>({ sql, parameters }: Query): QueryResult<R> {
    const { statement, isReader } = this.#prepare(sql)
    if (isReader) return { rows: statement.all(parameters) as R[] }
    const { changes, lastInsertRowid } = statement.run(parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  command(sql: string): void {
    this.#prepare(sql).statement.run()
  }

  isReading({ sql }: Query): boolean {
    return this.#prepare(sql).isReadonly
  }

  /**
   * Takes the write lock. Waiting for another process blocks the event loop. So after one wait in vain, there are no more
   * waits until a call gets the lock at once.
   */
  lock(begin: string): void {
    try {
      this.command(begin)
    } catch (error) {
      if (error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY') {
        this.#busyTimeout ??= this.database.pragma('busy_timeout', { simple: true }) as number
        this.database.pragma('busy_timeout = 0')
      }
      throw error
    }
    if (this.#busyTimeout === undefined) return
    this.database.pragma(`busy_timeout = ${this.#busyTimeout}`)
    this.#busyTimeout = undefined
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#prepared.get(sql)
    if (prepared === undefined) {
      const statement = this.database.prepare(sql)
      prepared = { statement, isReader: statement.reader, isReadonly: statement.readonly }
      this.#prepared.set(sql, prepared)
    }
    return prepared
  }
}
