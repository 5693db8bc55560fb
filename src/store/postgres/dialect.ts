import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import type { GuardedPool, PoolOptions } from './pool.ts'
import { openPool } from './pool.ts'

type MigrationLock = Parameters<PostgresAdapter['acquireMigrationLock']>

// Waiting for another process to migrate happens within a statement, and migrating a large table may take long.
class PatientAdapter extends PostgresAdapter {
  readonly #pool: GuardedPool

  constructor(pool: GuardedPool) {
    super()
    this.#pool = pool
  }

  override async acquireMigrationLock(...[db, options]: MigrationLock): Promise<void> {
    this.#pool.isPatient = true
    await sql`set local statement_timeout = 0`.execute(db)
    await super.acquireMigrationLock(db, options)
  }

  override async releaseMigrationLock(...[db, options]: MigrationLock): Promise<void> {
    await super.releaseMigrationLock(db, options)
    this.#pool.isPatient = false
  }
}

class Dialect extends PostgresDialect {
  readonly #pool: GuardedPool

  constructor(pool: GuardedPool) {
    super({ pool })
    this.#pool = pool
  }

  override createAdapter(): PatientAdapter {
    return new PatientAdapter(this.#pool)
  }
}

/**
 * Opens a PostgreSQL database, which is connected to by the first query. All statements of `src/store` are written for
 * READ COMMITTED and any number of processes: see `docs/adr/0011-postgresql.md`.
 *
 * @param url `postgres://user:password@host:port/database`. Its parameters override our timeouts.
 */
export function openPostgres(url: string, options?: PoolOptions): Store {
  const pool = openPool(url, options)
  const db = new Kysely<Schema>({ dialect: new Dialect(pool) })
  return {
    db,
    isUnavailable: (error) => pool.isUnavailable(error),
    pool: () => pool.state(),
    async close() {
      await db.destroy()
      // Kysely does not end a pool that it never used.
      await pool.end()
    },
  }
}
