import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds what starts a session anew and makes a request repeatable: `docs/adr/0034-a-session-starts-anew.md`. */
export const anew: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .alterTable('sessions')
      .addColumn('start_generation', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('sessions').addColumn('cookie_at', 'bigint').execute()
    await db.schema.alterTable('sessions').addColumn('open_key', text).execute()
    await db.schema.alterTable('users').addColumn('replaced_hash', text).execute()
    await db.schema.alterTable('users').addColumn('replaced_at', 'bigint').execute()
    await db.schema.alterTable('users').addColumn('replaced_by', text).execute()
    await db.schema
      .createIndex('sessions_opened')
      .on('sessions')
      .columns(['user_id', 'open_key'])
      .where(sql.ref('open_key'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('users_replaced_at')
      .on('users')
      .column('replaced_at')
      .where(sql.ref('replaced_at'), 'is not', null)
      .execute()
  },
}
