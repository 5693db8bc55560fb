import { realpathSync, statSync } from 'node:fs'
import SQLite from 'better-sqlite3'

// Milliseconds between two looks, which would otherwise take a few percent of a commit
const INTERVAL = 100

/** Identifies a file, whatever its name */
type Identity = string | undefined

function identityOf(file: string): Identity {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

/**
 * The files behind a connection. SQLite goes on reading and writing them when others have deleted or replaced them by name.
 * Then all that it commits is lost, and a revocation in the new file has no effect here.
 */
export class Files {
  readonly #name: string
  readonly #log: string
  readonly #identity: Identity
  readonly #logIdentity: Identity
  #checkedAt = Number.NEGATIVE_INFINITY

  /** @param name of the database file, which the connection has read from: from then on, nobody else removes its log */
  constructor(name: string) {
    this.#name = name
    this.#log = `${realpathSync(name)}-wal`
    this.#identity = identityOf(name)
    this.#logIdentity = identityOf(this.#log)
  }

  /** @throws an error that means that the database is unavailable, when a file is no longer found by its name */
  check(): void {
    const now = performance.now()
    if (now - this.#checkedAt < INTERVAL) return
    if (identityOf(this.#name) !== this.#identity) throw gone(this.#name)
    if (identityOf(this.#log) !== this.#logIdentity) throw gone(this.#log)
    this.#checkedAt = now
  }
}

const gone = (file: string) =>
  new SQLite.SqliteError(
    `${file} was deleted or replaced: stop the service before you replace its database`,
    // SQLite uses this code only without a write-ahead log.
    'SQLITE_READONLY_DBMOVED',
  )
