import type SQLite from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Query } from '../statement.ts'
import { Checkpoints } from './checkpoints.ts'
import { Statements } from './statements.ts'
import { Turns } from './turns.ts'

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
 * wrote, nor who read meanwhile. See `docs/adr/0014-shared-commits.md`.
 */
export class SharedCommitDriver implements Driver {
  readonly #begin: string
  readonly #statements: Statements
  readonly #checkpoints: Checkpoints
  #batch: Batch | undefined
  #isReading = false
  /** Milliseconds that the last two commits took */
  readonly #commitTimes = [0, 0]
  /** Of transactions that have the database to themselves, since a savepoint that is rolled back takes all with it */
  readonly #turns = new Turns<Connection>()
  // Kysely keeps a list of all that it ever saw.
  readonly #idle: Connection[] = []

  constructor(database: SQLite.Database, begin: 'begin' | 'begin immediate') {
    this.#begin = begin
    this.#statements = new Statements(database)
    this.#checkpoints = new Checkpoints(database)
  }

  /** Milliseconds that a commit takes now: one that was slow may have been held up by something else. */
  get commitTime(): number {
    return Math.min(...this.#commitTimes)
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
    this.#statements.database.close()
  }

  async execute<R>(connection: Connection, query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#turns.isOf(connection)) return this.executeAlone(query)
    if (connection.batch !== this.#batch) throw new Error('the transaction was rolled back')
    return this.#run(query)
  }

  /** What is no part of a transaction. */
  async executeAlone<R>(query: Query): Promise<QueryResult<R>> {
    let batch: Batch | undefined
    try {
      return await this.#turns.inTurn<QueryResult<R>>(() => {
        if (this.#batch === undefined && this.#statements.isReading(query)) this.#beginReads()
        else batch = this.#open()
        return this.#run(query)
      })
    } finally {
      // A read has none, and to await nothing takes time as well.
      if (batch !== undefined) await batch.committed
    }
  }

  /** A transaction in which nothing is awaited. */
  async executeTogether<T>(work: (execute: <R>(query: Query) => QueryResult<R>) => T): Promise<T> {
    let batch: Batch | undefined
    try {
      return await this.#turns.inTurn(() => {
        batch = this.#open()
        this.#statements.command('savepoint work')
        try {
          return work((query) => this.#run(query))
        } catch (error) {
          if (batch === this.#batch) this.#statements.command('rollback to work')
          throw error
        } finally {
          if (batch === this.#batch) this.#statements.command('release work')
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
    await this.#turns.inTurn(() => {
      connection.batch = this.#open()
      this.#statements.command('savepoint work')
      this.#turns.take(connection)
    })
  }

  async end(connection: Connection, how: 'commit' | 'rollback'): Promise<void> {
    const { batch } = connection
    try {
      if (batch === this.#batch) {
        if (how === 'rollback') this.#statements.command('rollback to work')
        this.#statements.command('release work')
      }
    } finally {
      // Kysely rolls back what it could not commit, too, and by then somebody else may have the database.
      if (this.#turns.isOf(connection)) this.#turns.release()
    }
    await batch?.committed
  }

  // Reads among themselves see nothing but what is on the disk: they wait for nobody. A transaction each, which Kysely's
  // statements are otherwise, costs two system calls.
  #beginReads(): void {
    if (this.#isReading) return
    if (!this.#statements.database.inTransaction) this.#statements.command('begin')
    this.#isReading = true
    process.nextTick(() => this.#endReads())
  }

  #endReads(): void {
    if (!this.#isReading) return
    this.#isReading = false
    try {
      if (this.#statements.database.inTransaction) this.#statements.command('commit')
    } catch {
      // A file that has become unreadable, say. Nothing was changed, and the next statement hears of it.
    }
  }

  #open(): Batch {
    if (this.#batch !== undefined) return this.#batch
    this.#endReads()
    this.#statements.lock(this.#begin)
    const { promise: committed, resolve, reject } = Promise.withResolvers<void>()
    // A transaction that fails by itself may be gone before its batch fails.
    committed.catch(() => {})
    this.#batch = { committed, resolve, reject }
    // After all that runs now, and before anything else arrives: other processes wait for the lock.
    process.nextTick(() => void this.#turns.inTurn(() => this.#commit()))
    return this.#batch
  }

  #commit(): void {
    const batch = this.#batch
    if (batch === undefined) return
    try {
      const begun = performance.now()
      this.#statements.command('commit')
      this.#commitTimes.shift()
      this.#commitTimes.push(performance.now() - begun)
      this.#batch = undefined
      batch.resolve()
      this.#checkpoint()
    } catch (error) {
      this.#fail(error)
      if (this.#statements.database.inTransaction) this.#statements.command('rollback')
    }
  }

  #checkpoint(): void {
    const restart = this.#checkpoints.afterCommit()
    if (restart === undefined) return
    this.#turns.take(new Connection(this))
    void restart.finally(() => this.#turns.release())
  }

  #fail(error: unknown): void {
    this.#batch?.reject(error)
    this.#batch = undefined
  }

  #run<R>(query: Query): QueryResult<R> {
    try {
      return this.#statements.execute(query)
    } catch (error) {
      // A failed statement takes back only itself; but SQLite takes everything back when the disk is full, say.
      if (!this.#statements.database.inTransaction) this.#fail(error)
      throw error
    }
  }
}
