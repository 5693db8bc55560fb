import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from '../schema.ts'

/** Removes indexes that slow down rotations and exchanges: `docs/adr/0016-indexes-and-rotations.md`. */
export const lighter: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('sessions')
      .addColumn('prune_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.dropIndex('sessions_expires_at').execute()
    await db.schema.createIndex('sessions_prune_at').on('sessions').column('prune_at').execute()
    await db.schema.dropIndex('revoked_tokens_session_id').execute()
    if (isPostgres(db)) {
      await db.schema.alterTable('revoked_tokens').dropConstraint('revoked_tokens_session_id_fkey').execute()
      // Leaves room for the next version of a row on the same page, so that indexes need no update (HOT).
      await sql`alter table sessions set (fillfactor = 85)`.execute(db)
    } else {
      await rebuildRevokedTokens(db)
    }
  },
}

// SQLite cannot drop a constraint without its table.
async function rebuildRevokedTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('revoked_tokens_new')
    .addColumn('jti', 'text', (column) => column.primaryKey().notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint', (column) => column.notNull())
    .addColumn('successor_expires_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .modifyEnd(sql`without rowid`)
    .execute()
  await sql`insert into revoked_tokens_new
    select jti, session_id, revoked_at, successor_expires_at, expires_at from revoked_tokens`.execute(db)
  await db.schema.dropTable('revoked_tokens').execute()
  await db.schema.alterTable('revoked_tokens_new').renameTo('revoked_tokens').execute()
  await db.schema.createIndex('revoked_tokens_expires_at').on('revoked_tokens').column('expires_at').execute()
}
