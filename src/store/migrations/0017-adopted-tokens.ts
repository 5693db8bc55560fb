import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds what is known of tokens of another system, and since when those of a user may be adopted: `docs/adr/0066-adopted-tokens.md`. */
export const adoptedTokens: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema.alterTable('users').addColumn('sessions_ended_at', 'bigint').execute()
    await db.schema
      .createTable('adopted_tokens')
      .addColumn('digest', text, (column) => column.primaryKey().notNull())
      .addColumn('jti', text)
      .addColumn('session_id', text, (column) => column.notNull())
      .addColumn('adopted_at', 'bigint', (column) => column.notNull())
      .addColumn('successor_expires_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('adopted_tokens_jti')
      .on('adopted_tokens')
      .column('jti')
      .where(sql.ref('jti'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('adopted_tokens_expires_at')
      .on('adopted_tokens')
      .column('expires_at')
      .execute()
    await db.schema
      .createTable('foreign_revocations')
      .addColumn('jti', text, (column) => column.primaryKey().notNull())
      .addColumn('revoked_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .execute()
    await db.schema
      .createIndex('foreign_revocations_expires_at')
      .on('foreign_revocations')
      .column('expires_at')
      .where(sql.ref('expires_at'), 'is not', null)
      .execute()
  },
}
