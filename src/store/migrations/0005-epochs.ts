import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Lets all sessions of a user end at once and their rows later: `docs/adr/0029-bounded-work-per-user.md`. */
export const epochs: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('users')
      .addColumn('session_epoch', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('users').addColumn('ending_at', 'bigint').execute()
    await db.schema.alterTable('users').addColumn('ending_reason', textOf(db)).execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('epoch', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createIndex('users_ending_at')
      .on('users')
      .column('ending_at')
      .where(sql.ref('ending_at'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('sessions_unrevoked')
      .on('sessions')
      .columns(['user_id', 'id'])
      .where(sql.ref('revoked_at'), 'is', null)
      .execute()
  },
}
