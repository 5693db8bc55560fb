import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { migrate, pendingMigrations } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations.ts'
import type { StoreOptions } from '../../src/store/open.ts'
import { openStore } from '../../src/store/open.ts'
import type { DialectContext } from '../dialects.ts'
import { connect, freshDatabase, test } from '../dialects.ts'
import { runChild } from './children/run.ts'
import { addUser, dump } from './context.ts'

const all = Object.keys(migrations)

/** Tables and indexes, but those of the migrations' own book-keeping */
async function schemaOf(database: StoreOptions): Promise<string[]> {
  const connection = await connect(database)
  const select = {
    sqlite: "select name from sqlite_schema where name not like 'sqlite%'",
    postgres: `select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relname not like '%_pkey' and relname not like '%_key'`,
  }
  const rows: { name: string }[] = await connection.query(select[database.dialect])
  await connection.close()
  return rows.flatMap(({ name }) => (name.startsWith('kysely') ? [] : [name])).sort()
}

const emptyDatabase = (t: DialectContext) => freshDatabase(t, t.dialect, 'template0')

const SCHEMA = [
  'revoked_tokens',
  'revoked_tokens_expires_at',
  'revoked_tokens_session_id',
  'sessions',
  'sessions_expires_at',
  'sessions_revoked_at',
  'sessions_user_id',
  'users',
]

test('a fresh database: all migrations run, and none is pending', async (t) => {
  const database = await emptyDatabase(t)
  const store = await openStore(database)
  t.after(() => store.close())
  assert.deepEqual(await pendingMigrations(store.db), all)
  assert.deepEqual(await schemaOf(database), [], 'to ask what is pending makes nothing')
  assert.deepEqual(await migrate(store.db), all)
  assert.deepEqual(await pendingMigrations(store.db), [])
  assert.deepEqual(await schemaOf(database), SCHEMA)
})

test('once more, also after a restart: nothing runs and nothing changes', async (t) => {
  const database = await emptyDatabase(t)
  const first = await openStore(database)
  await migrate(first.db)
  await addUser(first.db)
  const before = await dump(first.db)
  assert.deepEqual(await migrate(first.db), [])
  await first.close()
  const second = await openStore(database)
  t.after(() => second.close())
  assert.deepEqual(await migrate(second.db), [])
  assert.deepEqual(await dump(second.db), before)
})

test('ten processes at once on one fresh database: all succeed, the schema is made once', async (t) => {
  for (let round = 0; round < 3; round++) {
    const database = await emptyDatabase(t)
    const moment = String(Date.now() + 1500)
    const ended = await Promise.all(
      Array.from({ length: 10 }, () => runChild('migrate.ts', JSON.stringify(database), moment)),
    )
    const failures = ended.filter(({ code }) => code !== 0).map(({ output }) => output)
    assert.deepEqual(failures, [], `round ${round}`)
    const ran = ended.flatMap(({ output }) => JSON.parse(output) as string[])
    assert.deepEqual(ran, all)
    assert.deepEqual(await schemaOf(database), SCHEMA)
  }
})

test('a database that is newer than the program is refused, and stays as it is', async (t) => {
  const database = await emptyDatabase(t)
  const store = await openStore(database)
  t.after(() => store.close())
  await migrate(store.db)
  const name = '9999_from_the_future'
  await sql`insert into kysely_migration values (${name}, ${new Date().toISOString()})`.execute(store.db)
  const before = await schemaOf(database)
  await assert.rejects(migrate(store.db), new RegExp(name))
  assert.deepEqual(await schemaOf(database), before)
})

test('a migration that fails leaves nothing behind, and can be run again', async (t) => {
  const database = await emptyDatabase(t)
  const store = await openStore(database)
  t.after(() => store.close())
  // Takes the name of what the migration makes last.
  await sql`create table revoked_tokens_expires_at (a text)`.execute(store.db)
  await assert.rejects(migrate(store.db), /revoked_tokens_expires_at/)
  assert.deepEqual(await schemaOf(database), ['revoked_tokens_expires_at'])
  assert.deepEqual(await pendingMigrations(store.db), all)
  await sql`drop table revoked_tokens_expires_at`.execute(store.db)
  assert.deepEqual(await migrate(store.db), all)
  assert.deepEqual(await schemaOf(database), SCHEMA)
})
