import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds the keys that sign access tokens: `docs/adr/0053-the-clock-of-keys.md`. */
export const signingKeys: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .createTable('signing_keys')
      .addColumn('kid', text, (column) => column.primaryKey().notNull())
      .addColumn('algorithm', text, (column) => column.notNull())
      .addColumn('source', text, (column) => column.notNull())
      .addColumn('follows', text, (column) => column.unique())
      .addColumn('jwk', text)
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('signs_from', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute()
  },
}
