import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from '../schema.ts'
import { textOf } from './text-of.ts'

/** Adds security events and the state of their delivery: `docs/adr/0021-events.md`. */
export const events: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .createTable('events')
      .addColumn('position', isPostgres(db) ? 'bigint' : 'integer', (column) =>
        isPostgres(db)
          ? column.generatedByDefaultAsIdentity().primaryKey()
          : // Without AUTOINCREMENT, SQLite may reuse the numbers of deleted rows.
            column.primaryKey().autoIncrement(),
      )
      .addColumn('id', text, (column) => column.notNull().unique())
      .addColumn('occurred_at', 'bigint', (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('user_id', text)
      .addColumn('session_id', text)
      .addColumn('reason', text)
      .addColumn('kind', text)
      .addColumn('address', text)
      .addColumn('user_agent', text)
      .addColumn('request_id', text)
      .addColumn('deliver_at', 'bigint', (column) => column.defaultTo(0))
      .addColumn('attempts', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('refusals', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.createIndex('events_occurred_at').on('events').column('occurred_at').execute()
    await db.schema.createIndex('events_user_id').on('events').columns(['user_id', 'position']).execute()
    await db.schema.createIndex('events_name').on('events').columns(['name', 'position']).execute()
    await db.schema
      .createIndex('events_session_id')
      .on('events')
      .columns(['session_id', 'position'])
      .execute()
    await db.schema
      .createIndex('events_deliver_at')
      .on('events')
      .columns(['deliver_at', 'position'])
      .where(sql.ref('deliver_at'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('events_undelivered')
      .on('events')
      .columns(['session_id', 'position'])
      .where(sql.ref('deliver_at'), 'is not', null)
      .execute()
  },
}
