import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import type { GuardedPool } from './pool.ts'
import { openPool } from './pool.ts'

type MigrationLock = Parameters<PostgresAdapter['acquireMigrationLock']>

// Whoever waits for another process to migrate waits in a statement, and a migration of a large table takes its time.
class PatientAdapter extends PostgresAdapter {
  readonly #pool: GuardedPool

  constructor(pool: GuardedPool) {
    super()
    this.#pool = pool
  }

  override async acquireMigrationLock(...[db, options]: MigrationLock): Promise<void> {
    this.#pool.isPatient = true
    await sql`set statement_timeout = 0`.execute(db)
    await super.acquireMigrationLock(db, options)
  }

  override async releaseMigrationLock(...[db, options]: MigrationLock): Promise<void> {
    await super.releaseMigrationLock(db, options)
    await sql`reset statement_timeout`.execute(db)
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
 * Connects when the first query comes. Every statement of `src/store` is written for READ COMMITTED and for any number
 * of processes: `docs/adr/0011-postgresql.md` goes through them.
 *
 * @param url `postgres://user:password@host:port/database`; its parameters win over our timeouts
 */
export function openPostgres(url: string): Store {
  const pool = openPool(url)
  const db = new Kysely<Schema>({ dialect: new Dialect(pool) })
  return {
    db,
    isUnavailable: (error) => pool.isUnavailable(error),
    pool: () => pool.state(),
    async close() {
      await db.destroy()
      // Kysely leaves a pool alone that it never used.
      await pool.end()
    },
  }
}
