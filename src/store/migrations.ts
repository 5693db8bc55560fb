import type { Kysely } from 'kysely'
import { PostgresAdapter, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const isPostgres = (db: Kysely<unknown>) => db.getExecutor().adapter instanceof PostgresAdapter

// Compared and ordered by its bytes, as SQLite does it: PostgreSQL would go by the locale of the database, and an index
// would have to be built anew when an update of the operating system changes that.
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

/** Takes out of the way of a rotation and an exchange what they pay for: `.github/adr/0016-indexes-and-rotations.md`. */
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
      // Room for the next version of a row on the page of the last one: no index has to hear of it (HOT).
      await sql`alter table sessions set (fillfactor = 85)`.execute(db)
    } else {
      await rebuildRevokedTokens(db)
    }
  },
}

// SQLite can drop a constraint only with its table.
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

/** Forward only, in the order of their names; one that was released never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_initial': initial,
  '0002_lighter': lighter,
}
