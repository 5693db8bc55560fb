import SQLite from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Query } from '../statement.ts'
import { Checkpoints } from './checkpoints.ts'
import type { Files } from './files.ts'
import { Statements } from './statements.ts'
import { TurnQueue } from './turn-queue.ts'
import type { DoneWork, Work } from './work.ts'

class Connection implements DatabaseConnection {
  readonly #driver: GroupCommitDriver
  /** `lost`: SQLite has rolled the transaction back by itself */
  transaction: 'none' | 'open' | 'lost' = 'none'

  constructor(driver: GroupCommitDriver) {
    this.#driver = driver
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#driver.execute(this, query)
  }

  streamQuery(): never {
    throw new Error('rows are not streamed')
  }
}

/**
 * Kysely's driver for the one connection to a file. Work that arrives in one turn of the event loop shares a commit, since
 * each commit waits for the disk. Callers get their results only after the commit. The file is locked only while statements
 * run. See `docs/adr/0014-shared-commits.md`.
 */
export class GroupCommitDriver implements Driver {
  readonly #begin: string
  readonly #statements: Statements
  readonly #checkpoints: Checkpoints
  readonly #files: Files | undefined
  readonly #queue = new TurnQueue<Work>((batch) => this.#flush(batch))
  /** The writes of this turn that are still to be done */
  #batch: Work[] = []
  #done: DoneWork[] = []
  /** Keeps other work waiting: an open transaction between its statements, or a checkpoint */
  #owner: Connection | Promise<void> | undefined
  /** Whether the last transaction was lost because the disk is full */
  #isFull = false

  /** @param files undefined: nothing depends on whether they are still found by their names */
  constructor(database: SQLite.Database, begin: 'begin' | 'begin immediate', files?: Files) {
    this.#begin = begin
    this.#statements = new Statements(database)
    this.#checkpoints = new Checkpoints(database)
    this.#files = files
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    return new Connection(this)
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#checkpoints.close()
    this.#statements.database.close()
  }

  /** A statement that is not part of a transaction. */
  executeAlone<R>(query: Query): Promise<QueryResult<R>> {
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult<R>>()
    const run = () => {
      const result = this.#statements.execute<R>(query)
      return () => resolve(result)
    }
    this.#add({ isReading: () => this.#statements.isReading(query), run, reject })
    return promise
  }

  async execute<R>(connection: Connection, query: CompiledQuery): Promise<QueryResult<R>> {
    if (connection.transaction === 'none') return this.executeAlone(query)
    if (connection.transaction === 'lost') throw new Error('the transaction was rolled back')
    try {
      return this.#statements.execute(query)
    } catch (error) {
      if (!this.#inTransaction) this.#lose(error)
      throw error
    }
  }

  beginTransaction(connection: Connection): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const run = () => {
      this.#statements.command('savepoint work')
      this.#owner = connection
      connection.transaction = 'open'
      resolve()
      return () => {}
    }
    this.#add({ isReading: () => false, run, reject })
    return promise
  }

  commitTransaction(connection: Connection): Promise<void> {
    return this.#end(connection, 'commit')
  }

  rollbackTransaction(connection: Connection): Promise<void> {
    return this.#end(connection, 'rollback')
  }

  async #end(connection: Connection, how: 'commit' | 'rollback'): Promise<void> {
    // Kysely also rolls back after a failed commit, when another transaction may already own the database.
    if (this.#owner !== connection) return
    const isLost = connection.transaction === 'lost'
    connection.transaction = 'none'
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (isLost) {
      if (how === 'rollback') resolve()
      else reject(new Error('the transaction was rolled back'))
    } else {
      if (how === 'rollback') this.#statements.command('rollback to work')
      this.#statements.command('release work')
      this.#done.push({ resolve, reject })
    }
    this.#release()
    return promise
  }

  #add(work: Work): void {
    this.#queue.add(work)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#owner === undefined) this.#queue.schedule()
  }

  #flush(batch: readonly Work[]): void {
    try {
      this.#files?.check()
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return
    }
    const reads: Work[] = []
    for (const work of batch) (this.#isRead(work) ? reads : this.#batch).push(work)
    this.#read(reads)
    this.#write()
  }

  #isRead(work: Work): boolean {
    try {
      return work.isReading()
    } catch {
      // A statement that SQLite refuses to prepare is refused again when it runs.
      return false
    }
  }

  // Reads run before the writes of their turn. They see only committed data and need not wait for the commit.
  #read(reads: readonly Work[]): void {
    // Several reads share a transaction, because each would otherwise lock and unlock the file.
    const isShared = reads.length > 1
    try {
      if (isShared) this.#statements.command('begin')
    } catch (error) {
      for (const { reject } of reads) reject(error)
      return
    }
    for (const work of reads) {
      try {
        work.run()()
      } catch (error) {
        work.reject(error)
      }
    }
    try {
      if (isShared && this.#inTransaction) this.#statements.command('commit')
    } catch {
      // The file has become unreadable, for example. Nothing was changed, and the next statement reports it.
    }
  }

  /** Runs the batch until it is committed or a transaction becomes the owner. */
  #write(): void {
    while (this.#owner === undefined) {
      const work = this.#batch.shift()
      if (work === undefined) {
        this.#commit()
        return
      }
      try {
        if (!this.#inTransaction) this.#statements.lock(this.#begin)
        this.#done.push({ resolve: work.run(), reject: work.reject })
      } catch (error) {
        // A failed statement undoes only itself. Its error waits for the commit too, because it may reveal data that is
        // not on disk yet.
        this.#done.push({ resolve: () => work.reject(error), reject: work.reject })
        // But SQLite may roll back the whole transaction, for example when the disk is full.
        if (!this.#inTransaction) this.#lose(error)
      }
    }
  }

  #commit(): void {
    const begun = performance.now()
    try {
      if (this.#inTransaction) {
        this.#statements.command('commit')
        this.#queue.recordCommit(performance.now() - begun)
        // Before the commit is acknowledged
        this.#files?.check()
      }
    } catch (error) {
      this.#lose(error)
      if (this.#inTransaction) this.#statements.command('rollback')
    }
    const hasCommitted = this.#done.length > 0
    for (const { resolve } of this.#done.splice(0)) resolve()
    if (hasCommitted) this.#owner = this.#checkpoints.afterCommit()?.finally(() => this.#release())
    else if (this.#isFull) this.#owner = this.#checkpoints.whenFull()?.finally(() => this.#release())
    this.#isFull = false
    this.#schedule()
  }

  #release(): void {
    this.#owner = undefined
    if (this.#batch.length + this.#done.length > 0 || this.#inTransaction) this.#write()
    else this.#schedule()
  }

  /** Rejects all work of a transaction that was rolled back. */
  #lose(error: unknown): void {
    this.#isFull = error instanceof SQLite.SqliteError && error.code === 'SQLITE_FULL'
    if (this.#owner instanceof Connection) this.#owner.transaction = 'lost'
    for (const { reject } of this.#done.splice(0)) reject(error)
  }

  get #inTransaction(): boolean {
    return this.#statements.database.inTransaction
  }
}
