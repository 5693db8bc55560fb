import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import SQLite from 'better-sqlite3'
import type { QueryResult } from 'kysely'
import { Kysely, SqliteAdapter, SqliteDialect, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import type { ConnectionlessAdapter, Query } from '../statement.ts'
import type { Access, Store } from '../store.ts'
import { GroupCommitDriver } from './driver.ts'
import { Files } from './files.ts'

// Milliseconds. How long a request waits for the write lock of another process before it gets 503. The wait blocks the
// event loop, so it is short, and later requests do not repeat it: see `Statements.lock`.
const BUSY_TIMEOUT = 1000

// Milliseconds. At startup, no requests wait.
const MIGRATION_TIMEOUT = 60_000

const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|PROTOCOL)/

// For commands that only read: neither the file nor its journal is created or changed. A missing file has no tables.
function openToRead(file: string): SQLite.Database {
  if (!existsSync(file)) return new SQLite(':memory:')
  // A connection opened as read-only could not remove -wal and -shm when it closes.
  const database = new SQLite(file, { timeout: BUSY_TIMEOUT })
  database.pragma('query_only = ON')
  return database
}

// When two processes switch at once, SQLite refuses one without waiting, because they would deadlock.
function switchToWal(database: SQLite.Database): void {
  const begun = performance.now()
  for (;;) {
    try {
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const isBusy = error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY'
      if (!isBusy || performance.now() - begun > BUSY_TIMEOUT) throw error
      // This blocks the event loop. At startup, no requests wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function open(file: string): SQLite.Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // The file holds password hashes and addresses, so only its owner may read it. An existing file is not opened here:
  // closing a descriptor would drop all POSIX locks of this process on it.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const database = new SQLite(file, { timeout: BUSY_TIMEOUT })
  switchToWal(database)
  // better-sqlite3 is built with NORMAL for WAL, which may lose commits in a power cut.
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  // Pages. Usually a thread checkpoints earlier: see Checkpoints.
  database.pragma('wal_autocheckpoint = 14000')
  // A long read prevents checkpoints, so that the log grows. Afterwards it is truncated to this size.
  database.pragma(`journal_size_limit = ${32 * 2 ** 20}`)
  // Reads from the file, which opens its log.
  database.prepare('select 1 from sqlite_schema').get()
  // Checked only after a statement: right after the switch to WAL, SQLite reports FULL although NORMAL will apply.
  if (database.pragma('synchronous', { simple: true }) !== 2)
    throw new Error('SQLite refuses synchronous=FULL')
  return database
}

// SQLite has transactional DDL, but Kysely's adapter denies it and would migrate without a transaction. Then processes
// that start at the same time could run a migration twice, and a crash could leave half of it.
class TransactionalAdapter extends SqliteAdapter implements ConnectionlessAdapter {
  readonly #driver: GroupCommitDriver

  constructor(driver: GroupCommitDriver) {
    super()
    this.#driver = driver
  }

  execute<Row>(query: Query): Promise<QueryResult<Row>> {
    return this.#driver.executeAlone(query)
  }

  override get supportsTransactionalDdl(): boolean {
    return true
  }

  // The driver shares its one connection among all callers.
  override get supportsMultipleConnections(): boolean {
    return true
  }

  // Another process holds the lock for as long as it migrates a large table.
  override async acquireMigrationLock(db: Kysely<unknown>): Promise<void> {
    await sql`pragma busy_timeout = ${sql.lit(MIGRATION_TIMEOUT)}`.execute(db)
  }

  override async releaseMigrationLock(db: Kysely<unknown>): Promise<void> {
    await sql`pragma busy_timeout = ${sql.lit(BUSY_TIMEOUT)}`.execute(db)
  }
}

class Dialect extends SqliteDialect {
  readonly #driver: GroupCommitDriver

  constructor(database: SQLite.Database, access: Access) {
    super({ database })
    // A transaction that reads before it writes would fail if another process has written in between.
    this.#driver =
      access === 'read'
        ? new GroupCommitDriver(database, 'begin')
        : new GroupCommitDriver(database, 'begin immediate', new Files(database.name))
  }

  override createAdapter(): TransactionalAdapter {
    return new TransactionalAdapter(this.#driver)
  }

  override createDriver(): GroupCommitDriver {
    return this.#driver
  }
}

/**
 * @param file path of the database file. The file and its directory are created if missing.
 * @param access `read`: nothing is created or changed
 */
export function openSqlite(file: string, access: Access): Store {
  const database = access === 'read' ? openToRead(file) : open(file)
  const db = new Kysely<Schema>({ dialect: new Dialect(database, access) })
  return {
    db,
    isUnavailable: (error) =>
      !database.open || (error instanceof SQLite.SqliteError && UNAVAILABLE.test(error.code)),
    async close() {
      await db.destroy()
      // Kysely does not close a database that it has never used.
      database.close()
    },
  }
}
