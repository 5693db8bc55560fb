import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from '../schema.ts'
import { textOf } from './text-of.ts'

/** Adds the feed of what has ended, which APIs follow: `docs/adr/0061-the-feed.md`. */
export const feed: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .createTable('feed')
      .addColumn('id', isPostgres(db) ? 'bigint' : 'integer', (column) =>
        isPostgres(db)
          ? column.generatedByDefaultAsIdentity().primaryKey()
          : column.primaryKey().autoIncrement(),
      )
      .addColumn('position', 'bigint')
      .addColumn('ended_at', 'bigint', (column) => column.notNull())
      .addColumn('held_until', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('session_id', text)
      .addColumn('user_id', text)
      .addColumn('jti', text)
      .addColumn('generation', 'bigint')
      .addColumn('through', text)
      .execute()
    await db.schema
      .createIndex('feed_position')
      .unique()
      .on('feed')
      .column('position')
      .where(sql.ref('position'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('feed_unplaced')
      .on('feed')
      .column('held_until')
      .where(sql.ref('position'), 'is', null)
      .execute()
    await db.schema.createIndex('feed_ended_at').on('feed').column('ended_at').execute()
    await db.schema
      .createTable('feed_head')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .execute()
    await sql`insert into feed_head (id, position) values (1, 0)`.execute(db)
  },
}
