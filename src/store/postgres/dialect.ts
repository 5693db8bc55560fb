import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type { MigratingAdapter } from '../migrate.ts'
import type { Database, Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import type { GuardedPool, PoolOptions } from './pool.ts'
import { openPool } from './pool.ts'

// Kysely's, because older versions of this program wait for it.
const MIGRATION_LOCK = '3853314791062309107'

// Kysely would hold the lock of migrations for a session. Behind a pooler, a session's statements have no connection of
// their own.
class ExclusiveAdapter extends PostgresAdapter implements MigratingAdapter {
  readonly #pool: GuardedPool

  constructor(pool: GuardedPool) {
    super()
    this.#pool = pool
  }

  async migrateAlone<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
    // Waiting for another process to migrate happens within a statement, and migrating a large table may take long.
    this.#pool.isPatient = true
    try {
      return await db.transaction().execute(async (trx) => {
        await sql`set local statement_timeout = 0`.execute(trx)
        const { rows } = await sql<{
          usual: string
        }>`select current_setting('lock_timeout') as usual`.execute(trx)
        await sql`set local lock_timeout = 0`.execute(trx)
        await sql`select pg_advisory_xact_lock(${sql.lit(BigInt(MIGRATION_LOCK))})`.execute(trx)
        // Requests wait behind a migration that waits for a table.
        await sql`select set_config('lock_timeout', ${rows[0]?.usual}, true)`.execute(trx)
        return work(trx)
      })
    } finally {
      this.#pool.isPatient = false
    }
  }

  override async acquireMigrationLock(): Promise<void> {}

  override async releaseMigrationLock(): Promise<void> {}
}

class Dialect extends PostgresDialect {
  readonly #pool: GuardedPool

  constructor(pool: GuardedPool) {
    super({ pool })
    this.#pool = pool
  }

  override createAdapter(): ExclusiveAdapter {
    return new ExclusiveAdapter(this.#pool)
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
