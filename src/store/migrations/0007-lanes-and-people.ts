import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds lanes of events to the webhook, and the user of a remembered login. */
export const lanesAndPeople: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('events')
      .addColumn('lane', 'bigint', (column) => column.notNull().defaultTo(2))
      .execute()
    await sql`update events set lane = 0 where deliver_at is not null and session_id in (select session_id from events
      where deliver_at is not null and name in ('token.reuse_detected', 'session.restored'))`.execute(db)
    await sql`update events set lane = case name when 'admin.refused' then 1 else 3 end
      where deliver_at is not null and session_id is null
      and name in ('admin.refused', 'user.registered', 'login.failed', 'limit.reached')`.execute(db)
    await db.schema
      .createIndex('events_lane')
      .on('events')
      .columns(['lane', 'deliver_at', 'position'])
      .where(sql.ref('deliver_at'), 'is not', null)
      .execute()
    await db.schema
      .alterTable('rate_limits')
      .addColumn('user_id', textOf(db), (column) => column.references('users.id').onDelete('cascade'))
      .execute()
    await db.schema.createIndex('rate_limits_user_id').on('rate_limits').column('user_id').execute()
    // Their usernames are hashed without a key, and their users are not known.
    await sql`delete from rate_limits
      where key like 'login-account:%' or key like 'login-delay:%' or key like 'login-seen:%'`.execute(db)
  },
}
