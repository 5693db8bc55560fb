import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { isPostgres } from '../schema.ts'

// Text is compared by its bytes, as in SQLite. With the database's locale, PostgreSQL would need new indexes after an
// update of the operating system that changes the locale.
export const textOf = (db: Kysely<unknown>) => (isPostgres(db) ? sql`text collate "C"` : 'text')
