import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import SQLite from 'better-sqlite3'
import type { QueryResult } from 'kysely'
import { Kysely, SqliteAdapter, SqliteDialect, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import type { ConnectionlessAdapter, Query } from '../statement.ts'
import type { Access, Store } from '../store.ts'
import { GroupCommitDriver } from './driver.ts'

// What another process may hold the write lock for, in milliseconds, before a request gives up with 503. The wait
// blocks the event loop, so it is short, and not everybody's: see GroupCommitDriver.
const BUSY_TIMEOUT = 1000

// At a start there is no request that would wait.
const MIGRATION_TIMEOUT = 60_000

const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|PROTOCOL)/

// For whoever only looks: neither the file nor its journal is made or changed. A file that is not there has no tables.
function openToRead(file: string): SQLite.Database {
  if (!existsSync(file)) return new SQLite(':memory:')
  // Not opened as read-only: such a connection cannot take -wal and -shm away again.
  const database = new SQLite(file, { timeout: BUSY_TIMEOUT })
  database.pragma('query_only = ON')
  return database
}

// Of two that switch at once SQLite refuses one without its timeout, or they would wait for each other for ever.
function switchToWal(database: SQLite.Database): void {
  const begun = performance.now()
  for (;;) {
    try {
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const isBusy = error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY'
      if (!isBusy || performance.now() - begun > BUSY_TIMEOUT) throw error
      // At a start there is no request that would wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function open(file: string): SQLite.Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // It holds password hashes and addresses: a new file is for its owner only. To close a descriptor of one that is
  // there would drop this process's locks on it: POSIX.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const database = new SQLite(file, { timeout: BUSY_TIMEOUT })
  switchToWal(database)
  // What was answered is on disk: better-sqlite3 is built with NORMAL for WAL, which loses commits at a power cut.
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  // Pages. A thread does it before: see Checkpoints.
  database.pragma('wal_autocheckpoint = 14000')
  // What a reader that stood in the way made it grow is given back.
  database.pragma(`journal_size_limit = ${32 * 2 ** 20}`)
  database.prepare('select 1').get()
  // It reads FULL right after the switch to WAL although NORMAL will hold, hence only now.
  if (database.pragma('synchronous', { simple: true }) !== 2)
    throw new Error('SQLite refuses synchronous=FULL')
  return database
}

// SQLite has transactional DDL, but Kysely says that it has not, and then migrates without a transaction: processes
// that start at once would run one migration twice, and a crash would leave half of it.
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

  // The driver has one, and hands it out to as many as come.
  override get supportsMultipleConnections(): boolean {
    return true
  }

  // Whoever waits for another process to migrate a large table waits for its transaction.
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
    // A transaction that would only come to write later fails when another process has written meanwhile.
    this.#driver = new GroupCommitDriver(database, access === 'read' ? 'begin' : 'begin immediate')
  }

  override createAdapter(): TransactionalAdapter {
    return new TransactionalAdapter(this.#driver)
  }

  override createDriver(): GroupCommitDriver {
    return this.#driver
  }
}

/**
 * @param file path of the database file; it and its directory are made when they are missing
 * @param access `read`: nothing is made or changed
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
      // Kysely leaves a database alone that it never used.
      database.close()
    },
  }
}
