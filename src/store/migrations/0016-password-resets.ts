import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds the tokens with which users set a new password: `docs/adr/0065-password-reset.md`. */
export const passwordResets: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .createTable('password_resets')
      .addColumn('user_id', text, (column) =>
        column.primaryKey().references('users.id').onDelete('cascade').notNull(),
      )
      .addColumn('token_hash', text, (column) => column.notNull().unique())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .execute()
    await db.schema
      .createIndex('password_resets_expires_at')
      .on('password_resets')
      .column('expires_at')
      .execute()
  },
}
