import { sql } from 'kysely'
import type { MigrationInfo } from 'kysely/migration'
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import type { Database } from './schema.ts'

const migrator = (db: Database) =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } })

/**
 * Brings the schema up to date. Takes the write lock only when there is something to do.
 *
 * @returns the names of the migrations that were run
 * @throws when the database was migrated by a newer version of this program
 */
export async function migrate(db: Database): Promise<string[]> {
  const all = await migrator(db).getMigrations()
  await refuseNewer(db, all)
  if (all.every(isExecuted)) return []
  const { error, results = [] } = await migrator(db).migrateToLatest()
  if (error !== undefined) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** @returns the names of the migrations that have not run yet */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const all = await migrator(db).getMigrations()
  return all.filter((migration) => !isExecuted(migration)).map(({ name }) => name)
}

const isExecuted = ({ executedAt }: MigrationInfo) => executedAt !== undefined

async function refuseNewer(db: Database, known: readonly MigrationInfo[]): Promise<void> {
  if (!known.some(isExecuted)) return
  const table = sql.table(DEFAULT_MIGRATION_TABLE)
  const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(db)
  const unknown = rows.filter(({ name }) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ')
    throw new Error(`the database is newer than this program, which does not know its migrations: ${names}`)
  }
}
