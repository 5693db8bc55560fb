import type { DialectAdapter } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import type { Database } from './schema.ts'

/** The names of migrations */
export interface SchemaState {
  /** Known to this program, and not run yet */
  readonly pending: readonly string[]
  /** Run by a newer version of this program */
  readonly unknown: readonly string[]
}

/** The adapter of a dialect whose migrations do not run with Kysely's own lock. */
export interface MigratingAdapter extends DialectAdapter {
  /** Does work in a transaction, while no other process migrates. */
  migrateAlone<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T>
}

const isMigrating = (adapter: DialectAdapter): adapter is MigratingAdapter => 'migrateAlone' in adapter

type Migrations = Readonly<Record<string, Migration>>

const migrator = (db: Database, known: Migrations) =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...known }) } })

/**
 * Brings the schema up to date, each migration in its own transaction. The write lock is taken only when migrations are
 * pending.
 *
 * @returns the names of the migrations that were run
 * @throws when the database was migrated by a newer version that this one cannot work beside
 */
export async function migrate(db: Database, known: Migrations = migrations): Promise<string[]> {
  const state = await schemaState(db, known)
  refuseTooNew(state, known)
  const names: string[] = []
  if (state.pending.length === 0) return names
  // Kysely's migrateToLatest would run all migrations in one transaction.
  for (;;) {
    const next = await migrateNext(db, known)
    if (next.length === 0) return names
    names.push(...next)
  }
}

async function migrateNext(db: Database, known: Migrations): Promise<readonly string[]> {
  const { adapter } = db.getExecutor()
  const run = async (connection: Database) => {
    const { error, results = [] } = await migrator(connection, known).migrateUp()
    if (error !== undefined) throw error
    return results.map(({ migrationName }) => migrationName)
  }
  return isMigrating(adapter) ? adapter.migrateAlone(db, run) : run(db)
}

/** Reports what {@link migrate} would do, without changing anything. */
export async function schemaState(db: Database, known: Migrations = migrations): Promise<SchemaState> {
  const all = await migrator(db, known).getMigrations()
  const pending = all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
  if (pending.length === all.length) return { pending, unknown: [] }
  const table = sql.table(DEFAULT_MIGRATION_TABLE)
  const { rows } = await sql<{ name: string }>`select name from ${table} order by name`.execute(db)
  const unknown = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(known, name))
  return { pending, unknown }
}

// A migration that does more than expand the schema says in its name which migration a program must know to work on:
// `0012_no_address_needs_0010`.
const NEEDS = /_needs_(\d{4})$/

const numberOf = (name: string) => Number.parseInt(name, 10)

/**
 * A newer version may have migrated the database. This one works on as long as the migrations that it does not know only
 * expand the schema, and needs none itself.
 *
 * @throws when it cannot
 */
export function refuseTooNew({ pending, unknown }: SchemaState, known: Migrations = migrations): void {
  const newest = Math.max(...Object.keys(known).map(numberOf))
  const isDemanding = (name: string) => Number(NEEDS.exec(name)?.[1] ?? 0) > newest
  if (pending.length > 0 || unknown.some(isDemanding)) refuseNewer({ pending, unknown })
}

/** @throws when the database was migrated by a newer version of this program */
export function refuseNewer({ unknown }: SchemaState): void {
  if (unknown.length === 0) return
  const names = unknown.join(', ')
  throw new Error(`the database is newer than this program, which does not know its migrations: ${names}`)
}
