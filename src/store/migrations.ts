import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from './schema.ts'

// Text is compared by its bytes, as in SQLite. With the database's locale, PostgreSQL would need new indexes after an
// update of the operating system that changes the locale.
const textOf = (db: Kysely<unknown>) => (isPostgres(db) ? sql`text collate "C"` : 'text')

const initial: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    await db.schema
      .createTable('users')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('username', text, (column) => column.notNull())
      .addColumn('username_key', text, (column) => column.notNull().unique())
      .addColumn('password_hash', text, (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_login_at', 'bigint')
      .addColumn('deactivated_at', 'bigint')
      .execute()
    await db.schema
      .createTable('sessions')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('rotated_at', 'bigint', (column) => column.notNull())
      .addColumn('refreshed_at', 'bigint', (column) => column.notNull())
      .addColumn('refresh_count', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('absolute_expires_at', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint')
      .addColumn('revoked_reason', text)
      .addColumn('user_agent', text)
      .addColumn('address', text)
      .execute()
    await db.schema
      .createTable('revoked_tokens')
      .addColumn('jti', text, (column) => column.primaryKey())
      .addColumn('session_id', text, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('revoked_at', 'bigint', (column) => column.notNull())
      .addColumn('successor_expires_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('sessions_user_id').on('sessions').column('user_id').execute()
    await db.schema.createIndex('sessions_expires_at').on('sessions').column('expires_at').execute()
    await db.schema
      .createIndex('sessions_revoked_at')
      .on('sessions')
      .column('revoked_at')
      .where(sql.ref('revoked_at'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('revoked_tokens_session_id')
      .on('revoked_tokens')
      .column('session_id')
      .execute()
    await db.schema
      .createIndex('revoked_tokens_expires_at')
      .on('revoked_tokens')
      .column('expires_at')
      .execute()
  },
}

/** Removes indexes that slow down rotations and exchanges: `docs/adr/0016-indexes-and-rotations.md`. */
const lighter: Migration = {
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

/** Adds the counters of limits: `docs/adr/0020-limits.md`. */
const rateLimits: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('rate_limits')
      .addColumn('key', textOf(db), (column) => column.primaryKey())
      .addColumn('points', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('rate_limits_expires_at').on('rate_limits').column('expires_at').execute()
  },
}

/** Adds security events and the state of their delivery: `docs/adr/0021-events.md`. */
const events: Migration = {
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

/** Adds what starts a session anew and makes a request repeatable: `docs/adr/0034-a-session-starts-anew.md`. */
const anew: Migration = {
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

/** Migrations run in the order of their names, forward only. A released migration never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_initial': initial,
  '0002_lighter': lighter,
  '0003_rate_limits': rateLimits,
  '0004_events': events,
  '0008_anew': anew,
}
