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
  /** Whether no migration was ever run, so that the database is new or not ours */
  readonly isNew: boolean
}

type Migrations = Readonly<Record<string, Migration>>

const migrator = (db: Database, known: Migrations) =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...known }) } })

/**
 * Brings the schema up to date, each migration in its own transaction. The write lock is taken only when migrations are
 * pending.
 *
 * @returns the names of the migrations that were run
 * @throws when the database was migrated by a newer version of this program
 */
export async function migrate(db: Database, known: Migrations = migrations): Promise<string[]> {
  const state = await schemaState(db, known)
  refuseNewer(state)
  const names: string[] = []
  if (state.pending.length === 0) return names
  // Kysely's migrateToLatest would run all migrations in one transaction.
  for (;;) {
    const { error, results = [] } = await migrator(db, known).migrateUp()
    if (error !== undefined) throw error
    if (results.length === 0) return names
    names.push(...results.map(({ migrationName }) => migrationName))
  }
}

/** Reports what {@link migrate} would do, without changing anything. */
export async function schemaState(db: Database, known: Migrations = migrations): Promise<SchemaState> {
  const all = await migrator(db, known).getMigrations()
  const pending = all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
  if (pending.length === all.length) return { pending, unknown: [], isNew: true }
  const table = sql.table(DEFAULT_MIGRATION_TABLE)
  const { rows } = await sql<{ name: string }>`select name from ${table} order by name`.execute(db)
  const unknown = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(known, name))
  return { pending, unknown, isNew: false }
}

/** @throws when the database was migrated by a newer version of this program */
export function refuseNewer({ unknown }: Pick<SchemaState, 'unknown'>): void {
  if (unknown.length === 0) return
  const names = unknown.join(', ')
  throw new Error(`the database is newer than this program, which does not know its migrations: ${names}`)
}
