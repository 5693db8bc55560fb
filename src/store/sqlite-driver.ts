import SQLite from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Query } from './prepared.ts'
import { Checkpoints } from './sqlite-checkpoints.ts'

/** Statements that end in one commit. */
interface Batch {
  /** Settles when it is on the disk, or known not to come there. */
  readonly committed: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One statement, or one transaction. */
class Connection implements DatabaseConnection {
  readonly #driver: SharedCommitDriver
  /** What the transaction on this connection belongs to */
  batch: Batch | undefined

  constructor(driver: SharedCommitDriver) {
    this.#driver = driver
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#driver.execute(this, query)
  }

  begin(): Promise<void> {
    return this.#driver.begin(this)
  }

  end(how: 'commit' | 'rollback'): Promise<void> {
    return this.#driver.end(this, how)
  }

  streamQuery(): never {
    throw new Error('rows are not streamed')
  }
}

/**
 * Kysely's driver for the one connection to a file, but that what arrives in one turn of the event loop is committed
 * together, since each commit costs a write to the disk. Nobody hears of anything before it is there: neither who
 * wrote, nor who read meanwhile. See `.github/adr/0014-shared-commits.md`.
 */
export class SharedCommitDriver implements Driver {
  readonly #database: SQLite.Database
  readonly #begin: string
  /** The database's `busy_timeout`, while it is 0 */
  #busyTimeout: unknown
  // Kysely's own would prepare a statement anew at each execution.
  readonly #statements = new Map<string, SQLite.Statement<unknown[]>>()
  readonly #checkpoints: Checkpoints
  #batch: Batch | undefined
  #isReading = false
  /** The transaction that has the database to itself, since a savepoint that is rolled back takes all with it */
  #owner: Connection | undefined
  #waiting: (() => void)[] = []
  // Kysely keeps a list of all that it ever saw.
  readonly #idle: Connection[] = []

  constructor(database: SQLite.Database, begin: 'begin' | 'begin immediate') {
    this.#database = database
    this.#begin = begin
    this.#checkpoints = new Checkpoints(database)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    return this.#idle.pop() ?? new Connection(this)
  }

  async releaseConnection(connection: Connection): Promise<void> {
    this.#idle.push(connection)
  }

  async destroy(): Promise<void> {
    await this.#checkpoints.close()
    this.#database.close()
  }

  async execute<R>(connection: Connection, query: CompiledQuery): Promise<QueryResult<R>> {
    if (connection !== this.#owner) return this.executeAlone(query)
    if (connection.batch !== this.#batch) throw new Error('the transaction was rolled back')
    return this.#run(query)
  }

  /** What is no part of a transaction. */
  async executeAlone<R>(query: Query): Promise<QueryResult<R>> {
    let batch: Batch | undefined
    try {
      return await this.#inTurn<QueryResult<R>>(() => {
        if (this.#batch === undefined && this.#prepare(query.sql).readonly) this.#beginReads()
        else batch = this.#open()
        return this.#run(query)
      })
    } finally {
      await batch?.committed
    }
  }

  /** A transaction in which nothing is awaited. */
  async executeTogether<T>(work: (execute: <R>(query: Query) => QueryResult<R>) => T): Promise<T> {
    let batch: Batch | undefined
    try {
      return await this.#inTurn(() => {
        batch = this.#open()
        this.#command('savepoint work')
        try {
          return work((query) => this.#run(query))
        } catch (error) {
          if (batch === this.#batch) this.#command('rollback to work')
          throw error
        } finally {
          if (batch === this.#batch) this.#command('release work')
        }
      })
    } finally {
      await batch?.committed
    }
  }

  beginTransaction(connection: Connection): Promise<void> {
    return connection.begin()
  }

  commitTransaction(connection: Connection): Promise<void> {
    return connection.end('commit')
  }

  rollbackTransaction(connection: Connection): Promise<void> {
    return connection.end('rollback')
  }

  async begin(connection: Connection): Promise<void> {
    await this.#inTurn(() => {
      connection.batch = this.#open()
      this.#command('savepoint work')
      this.#owner = connection
    })
  }

  async end(connection: Connection, how: 'commit' | 'rollback'): Promise<void> {
    const { batch } = connection
    try {
      if (batch === this.#batch) {
        if (how === 'rollback') this.#command('rollback to work')
        this.#command('release work')
      }
    } finally {
      // Kysely rolls back what it could not commit, too, and by then somebody else may have the database.
      if (this.#owner === connection) this.#release()
    }
    await batch?.committed
  }

  /** At once, or when whoever has the database to itself has ended, in the order of arrival. */
  #inTurn<T>(work: () => T): T | Promise<T> {
    if (this.#owner === undefined) return work()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
    return promise
  }

  #release(): void {
    this.#owner = undefined
    while (this.#owner === undefined) {
      const work = this.#waiting.shift()
      if (work === undefined) return
      work()
    }
  }

  // Reads among themselves see nothing but what is on the disk: they wait for nobody. A transaction each, which Kysely's
  // statements are otherwise, costs two system calls.
  #beginReads(): void {
    if (this.#isReading) return
    if (!this.#database.inTransaction) this.#command('begin')
    this.#isReading = true
    process.nextTick(() => this.#endReads())
  }

  #endReads(): void {
    if (!this.#isReading) return
    this.#isReading = false
    try {
      if (this.#database.inTransaction) this.#command('commit')
    } catch {
      // A file that has become unreadable, say. Nothing was changed, and the next statement hears of it.
    }
  }

  #open(): Batch {
    if (this.#batch !== undefined) return this.#batch
    this.#endReads()
    this.#lock()
    const { promise: committed, resolve, reject } = Promise.withResolvers<void>()
    // A transaction that fails by itself may be gone before its batch fails.
    committed.catch(() => {})
    this.#batch = { committed, resolve, reject }
    // After all that runs now, and before anything else arrives: other processes wait for the lock.
    process.nextTick(() => void this.#inTurn(() => this.#commit()))
    return this.#batch
  }

  // To wait for the lock of another process blocks the event loop. After one wait that was in vain nobody waits until
  // somebody got it.
  #lock(): void {
    try {
      this.#command(this.#begin)
    } catch (error) {
      if (error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY') {
        this.#busyTimeout ??= this.#database.pragma('busy_timeout', { simple: true })
        this.#database.pragma('busy_timeout = 0')
      }
      throw error
    }
    if (this.#busyTimeout === undefined) return
    this.#database.pragma(`busy_timeout = ${this.#busyTimeout}`)
    this.#busyTimeout = undefined
  }

  #commit(): void {
    const batch = this.#batch
    if (batch === undefined) return
    try {
      this.#command('commit')
      this.#batch = undefined
      batch.resolve()
      this.#checkpoint()
    } catch (error) {
      this.#fail(error)
      if (this.#database.inTransaction) this.#command('rollback')
    }
  }

  #checkpoint(): void {
    const restart = this.#checkpoints.afterCommit()
    if (restart === undefined) return
    this.#owner = new Connection(this)
    void restart.finally(() => this.#release())
  }

  #fail(error: unknown): void {
    this.#batch?.reject(error)
    this.#batch = undefined
  }

  #run<R>({ sql, parameters }: Query): QueryResult<R> {
    const statement = this.#prepare(sql)
    try {
      if (statement.reader) return { rows: statement.all(parameters as unknown[]) as R[] }
      const { changes, lastInsertRowid } = statement.run(parameters as unknown[])
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    } catch (error) {
      // A failed statement takes back only itself; but SQLite takes everything back when the disk is full, say.
      if (!this.#database.inTransaction) this.#fail(error)
      throw error
    }
  }

  #command(sql: string): void {
    this.#prepare(sql).run()
  }

  #prepare(sql: string): SQLite.Statement<unknown[]> {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
