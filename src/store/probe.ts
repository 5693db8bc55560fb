import { sql } from 'kysely'
import { DEFAULT_MIGRATION_LOCK_TABLE } from 'kysely/migration'
import type { Database } from './schema.ts'

/** Writes something that changes nothing. @throws what any other write would throw */
export async function probeWriting(db: Database): Promise<void> {
  const table = sql.table(DEFAULT_MIGRATION_LOCK_TABLE)
  await sql`update ${table} set is_locked = is_locked`.execute(db)
}
