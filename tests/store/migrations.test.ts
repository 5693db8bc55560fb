/** Migrations run once, each as a whole, with any number of processes, and never in an older program than the schema. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { migrate, schemaState } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations.ts'
import type { StoreOptions } from '../../src/store/open.ts'
import { openStore } from '../../src/store/open.ts'
import type { DialectContext } from '../support/database.ts'
import { connect, freshDatabase, snapshot, test } from '../support/database.ts'
import { startService } from '../support/service.ts'
import { addUser, storedRows } from '../support/session-context.ts'
import { runChild, startChild } from './children/run.ts'

const all = Object.keys(migrations)

/** Tables and indexes, without those of the migration records and those that the server makes itself */
async function schemaOf(database: StoreOptions): Promise<string[]> {
  const select = {
    sqlite: "select name from sqlite_schema where name not like 'kysely%' and name not like 'sqlite%'",
    postgres: `select relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = 'public' and relname not like 'kysely%' and relname not like '%key' and relname not like '%seq'`,
  }
  const connection = await connect(database)
  const rows = await connection.query(select[database.dialect])
  await connection.close()
  return rows.map(({ name }) => name).sort()
}

const SCHEMA = [
  'events',
  'events_deliver_at',
  'events_lane',
  'events_name',
  'events_occurred_at',
  'events_session_id',
  'events_undelivered',
  'events_user_id',
  'feed',
  'feed_ended_at',
  'feed_head',
  'feed_position',
  'feed_unplaced',
  'rate_limits',
  'rate_limits_expires_at',
  'rate_limits_user_id',
  'revoked_tokens',
  'revoked_tokens_expires_at',
  'sessions',
  'sessions_opened',
  'sessions_prune_at',
  'sessions_revoked_at',
  'sessions_unrevoked',
  'sessions_user_id',
  'signing_keys',
  'users',
  'users_ending_at',
  'users_foreign',
  'users_replaced_at',
]

const empty = (t: DialectContext) => freshDatabase(t, t.dialect, 'template0')

async function open(t: DialectContext, database: StoreOptions) {
  const store = await openStore(database)
  t.after(() => store.close())
  return store
}

test('a fresh database: all migrations run, and none is pending', async (t) => {
  const database = await empty(t)
  const { db } = await open(t, database)
  assert.deepEqual(await schemaState(db), { pending: all, unknown: [], isNew: true })
  assert.deepEqual(await schemaOf(database), [], 'to ask what is pending makes nothing')
  assert.deepEqual(await migrate(db), all)
  assert.deepEqual(await schemaState(db), { pending: [], unknown: [], isNew: false })
  assert.deepEqual(await schemaOf(database), SCHEMA)
})

test('once more, also after a restart: nothing runs and nothing changes', async (t) => {
  const database = await empty(t)
  const first = await openStore(database)
  await migrate(first.db)
  await addUser(first.db)
  const before = await storedRows(first.db)
  assert.deepEqual(await migrate(first.db), [])
  await first.close()
  const second = await open(t, database)
  assert.deepEqual(await migrate(second.db), [])
  assert.deepEqual(await storedRows(second.db), before)
})

test('six processes at once on one fresh database: all succeed, the schema is made once', async (t) => {
  const database = await empty(t)
  const children = Array.from({ length: 6 }, () => startChild('migrate.ts', JSON.stringify(database)))
  // Whatever time it took to start them, all begin when all are there.
  await Promise.all(children.map(({ isThere }) => isThere))
  for (const { begin } of children) begin()
  const ended = await Promise.all(children.map((child) => child.ended))
  const failures = ended.filter(({ code }) => code !== 0).map(({ output }) => output)
  assert.deepEqual(failures, [])
  const ran = ended.flatMap(({ output }) => JSON.parse(output) as string[])
  assert.deepEqual(ran.sort(), all)
  assert.deepEqual(await schemaOf(database), SCHEMA)
})

const NEWER = '9999_from_the_future'

async function migrateByNewer(database: StoreOptions): Promise<void> {
  const connection = await connect(database)
  await connection.query('alter table sessions add column from_the_future text')
  await connection.close()
  await record(database, NEWER)
}

async function record(database: StoreOptions, name: string): Promise<void> {
  const connection = await connect(database)
  await connection.query(`insert into kysely_migration values ('${name}', '2026-11-22T08:00:00.000Z')`)
  await connection.close()
}

const newestNumber = () => Number.parseInt(all.at(-1) ?? '', 10)
const four = (number: number) => String(number).padStart(4, '0')

test('a database that was only expanded by a newer program: the service starts and says so', async (t) => {
  const database = await empty(t)
  const { db } = await open(t, database)
  await migrate(db)
  // One that needs nothing, and one that needs what this program knows.
  await migrateByNewer(database)
  const contraction = `9999_no_old_column_needs_${four(newestNumber())}`
  await record(database, contraction)
  const before = await snapshot(database)
  assert.deepEqual(await migrate(db), [])
  assert.deepEqual(await schemaState(db), { pending: [], unknown: [NEWER, contraction], isNew: false })
  assert.deepEqual(await snapshot(database), before)
  const service = await startService(t, { database })
  assert.match(service.logged(), /"unknown":\["9999_from_the_future","9999_no_old_column_needs_\d{4}"\]/)
  await service.register()
  const { refreshToken } = await service.login()
  assert.equal((await service.refresh(refreshToken)).status, 200)
})

test('a database that needs a newer program is refused, and stays as it is; one that runs is not ready', async (t) => {
  const service = await startService(t)
  const { database } = service
  assert.equal((await service.request('/readyz')).status, 200)
  await record(database, `9999_no_column_needs_${four(newestNumber() + 1)}`)
  const before = await snapshot(database)
  const { db } = await open(t, database)
  await assert.rejects(migrate(db), /newer than this program.*9999_no_column_needs_/)
  await assert.rejects(startService(t, { database }), /9999_no_column_needs_/)
  assert.deepEqual(await snapshot(database), before)
  assert.equal((await service.request('/readyz')).status, 503)
})

test('a newer database that lacks a migration of this program is refused', async (t) => {
  const database = await empty(t)
  const { db } = await open(t, database)
  await migrate(db)
  await migrateByNewer(database)
  const known = { ...migrations, '9000_of_this_program': adds('x') }
  await assert.rejects(migrate(db, known), new RegExp(`newer than this program.*${NEWER}`))
})

test('a process that runs while a newer program migrates works on, stays ready, and says so', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken, accessToken } = await service.login()
  await migrateByNewer(service.database)
  assert.equal((await service.request('/readyz')).status, 200)
  assert.match(service.logged(), /"unknown":\["9999_from_the_future"\]/)
  assert.equal((await service.refresh(refreshToken)).status, 200)
  assert.equal((await service.exchange(accessToken)).status, 200)
  await service.login()
})

test('a migration that fails leaves nothing behind, and can be run again', async (t) => {
  const database = await empty(t)
  const { db } = await open(t, database)
  // Occupies the name of the migration's last object.
  await sql`create table revoked_tokens_expires_at (a text)`.execute(db)
  await assert.rejects(migrate(db), /revoked_tokens_expires_at/)
  assert.deepEqual(await schemaOf(database), ['revoked_tokens_expires_at'])
  assert.deepEqual((await schemaState(db)).pending, all)
  await sql`drop table revoked_tokens_expires_at`.execute(db)
  assert.deepEqual(await migrate(db), all)
  assert.deepEqual(await schemaOf(database), SCHEMA)
})

test('the second one, broken off half-way: the first stands, and it can be run again', async (t) => {
  const database = await empty(t)
  const { db } = await open(t, database)
  // Occupies a name that the migration uses after its first changes.
  await sql`create table sessions_prune_at (a text)`.execute(db)
  await assert.rejects(migrate(db), /sessions_prune_at/)
  assert.deepEqual((await schemaState(db)).pending, all.slice(1))
  assert.ok((await schemaOf(database)).includes('sessions_expires_at'), 'what it had dropped is there')
  await db
    .insertInto('users')
    .values({ id: 'ada', username: 'ada', username_key: 'ada', password_hash: 'a hash', created_at: 0 })
    .execute()
  await sql`drop table sessions_prune_at`.execute(db)
  assert.deepEqual(await migrate(db), all.slice(1))
  assert.deepEqual(await schemaOf(database), SCHEMA)
  assert.equal((await storedRows(db)).users.length, 1)
})

const adds = (column: string): Migration => ({
  up: (db) => db.schema.alterTable('users').addColumn(column, 'bigint').execute(),
})

test('each migration is a transaction: those before one that fails stay', async (t) => {
  const { db } = await open(t, await empty(t))
  const known = { ...migrations, '9001_good': adds('good'), '9002_bad': adds('good'), '9003_rest': adds('x') }
  await assert.rejects(migrate(db, known), /good/)
  assert.deepEqual((await schemaState(db, known)).pending, ['9002_bad', '9003_rest'])
  await addUser(db)
  const repaired = { ...known, '9002_bad': adds('better') }
  assert.deepEqual(await migrate(db, repaired), ['9002_bad', '9003_rest'])
  assert.equal((await storedRows(db)).users.length, 1)
})

testOnce('whoever starts during a long migration waits for it [sqlite]', async (t) => {
  const database = await freshDatabase(t, 'sqlite')
  const { db } = await openStore(database)
  // With the migration records, as in any database that is not new.
  await migrate(db)
  for (const table of [
    'feed',
    'feed_head',
    'events',
    'rate_limits',
    'revoked_tokens',
    'sessions',
    'signing_keys',
    'users',
  ])
    await db.schema.dropTable(table).execute()
  await sql`delete from kysely_migration`.execute(db)
  const other = await connect(database)
  await other.query('begin immediate')
  const child = runChild('migrate.ts', JSON.stringify(database))
  await pause(4000)
  await other.query('commit')
  await other.close()
  const { code, output } = await child
  assert.deepEqual([code, output], [0, `${JSON.stringify(all)}\n`])
  await db.destroy()
})

testOnce('whoever starts during a long migration waits for it [postgres]', async (t) => {
  const database = await freshDatabase(t, 'postgres')
  const begun = Promise.withResolvers<void>()
  const slow: Migration = {
    async up(db) {
      await adds('slow').up(db)
      begun.resolve()
      await pause(4000)
    },
  }
  const known = { ...migrations, '9001_slow': slow }
  const [first, second] = [await openStore(database), await openStore(database)]
  const running = migrate(first.db, known)
  await begun.promise
  assert.deepEqual(await migrate(second.db, known), [])
  assert.deepEqual(await running, ['9001_slow'])
  await Promise.all([first.close(), second.close()])
})
