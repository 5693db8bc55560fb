/** Users of every released version continue with this one, and the previous version continues on this one's schema. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test as testOnce } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { pruneAll } from '../../src/sessions/prune.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/open.ts'
import { connect, DIALECTS, freshDatabase, test } from '../support/database.ts'
import { LIMITS, PASSWORD, startService } from '../support/service.ts'
import { ddlOf } from './schemas/ddl.ts'

const place = new URL('schemas/', import.meta.url)
const released = readdirSync(place).filter((name) => name.endsWith('.sql'))

for (const dialect of DIALECTS) {
  for (const name of released.filter((file) => file.endsWith(`.${dialect}.sql`))) {
    testOnce(`from ${name}: nobody is logged out, nobody comes back`, async (t) => {
      const database = await freshDatabase(t, dialect, 'template0')
      const connection = await connect(database)
      for (const statement of readFileSync(new URL(name, place), 'utf8').split(/;\n/).filter(Boolean)) {
        await connection.query(statement)
      }
      const spent = () => connection.query('select * from revoked_tokens order by jti')
      const before = await spent()
      assert.ok(before.length > 0)
      const held = JSON.parse(readFileSync(new URL(name.replace(/sql$/, 'json'), place), 'utf8'))
      const service = await startService(t, { database, limits: LIMITS }, { now: held.now })
      assert.equal((await service.request('/readyz')).status, 200)
      assert.deepEqual(await spent(), before)
      await connection.close()
      const replayed = await service.refresh(held.superseded)
      assert.equal(replayed.body.data.refresh_token, held.current)
      assert.equal((await service.refresh(held.current)).status, 200)
      assert.equal((await service.exchange(held.access)).status, 200)
      assert.equal((await service.refresh(held.over)).status, 401)
      service.clock.now += 60_000
      assert.equal((await service.refresh(held.superseded)).status, 401)
      assert.match(service.logged(), /token.reuse_detected/)
      await service.login()
      await service.login("O'Brien")
    })
  }
}

testOnce('there is a fixture of this version', () => {
  for (const dialect of DIALECTS) assert.ok(released.includes(`${packageJson.version}.${dialect}.sql`))
})

test('statements of this version work on a schema that was expanded by the next one', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  const connection = await connect(service.database)
  for (const table of ['users', 'sessions', 'revoked_tokens', 'rate_limits', 'events']) {
    await connection.query(`alter table ${table} add column of_the_next_version text`)
    await connection.query(`alter table ${table} add column with_default bigint not null default 0`)
  }
  await connection.close()
  await service.register()
  const { refreshToken, accessToken } = await service.login()
  const other = await service.login()
  const { body } = await service.refresh(refreshToken)
  assert.equal((await service.refresh(refreshToken)).body.data.refresh_token, body.data.refresh_token)
  const exchanged = await service.exchange(accessToken)
  const bearer = exchanged.body.access_token
  const list = await service.request('/api/auth/sessions', { bearer })
  assert.equal(list.body.data.sessions.length, 2)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  assert.equal((await service.request('/api/auth/password', { bearer, json })).status, 200)
  assert.equal((await service.refresh(other.refreshToken)).status, 401)
  service.clock.now += 200 * 86_400_000
  // The event of the session that has expired is old enough to be deleted at once.
  assert.deepEqual(await pruneAll(service.core), { sessions: 2, revokedTokens: 1, events: 7 })
})

test('statements of every released version are still understood', async (t) => {
  const database = await freshDatabase(t, t.dialect)
  const store = await openStore(database)
  await migrate(store.db)
  await store.close()
  const files = readdirSync(place).filter((name) => name.endsWith(`.${t.dialect}.statements.json`))
  assert.ok(files.length > 0)
  const connection = await connect(database)
  for (const name of files) {
    const statements: string[] = JSON.parse(readFileSync(new URL(name, place), 'utf8'))
    assert.ok(statements.length > 15, name)
    for (const statement of statements) {
      // Planned, but not executed.
      const values = Array(statement.match(/\?|\$\d+/g)?.length ?? 0).fill(null)
      if (t.dialect === 'sqlite') {
        await connection.query(`explain ${statement}`, values)
      } else {
        await connection.query(`prepare earlier as ${statement}`)
        await connection.query('deallocate earlier')
      }
    }
  }
  await connection.close()
})

/** Changes that break the previous version, which still runs. Tables and columns are dropped a release after their last use. */
function breaks(statement: string): boolean {
  if (/^alter table .* drop constraint /.test(statement)) return false
  if (/^alter table .* (drop|rename|alter) /.test(statement) || /^drop table /.test(statement)) return true
  return /^alter table .* add column .* not null/.test(statement) && !/ default /.test(statement)
}

/** SQLite changes a constraint with a new table of the same name. The test above checks its columns. */
function withoutRebuilds(statements: readonly string[]): string[] {
  const rebuilt = statements.flatMap((statement) => {
    const [, from, to] = /^alter table (".*") rename to (".*")$/.exec(statement) ?? []
    const isNew = statements.some((other) => other.startsWith(`create table ${from} `))
    return isNew ? [statement, `drop table ${to}`] : []
  })
  return statements.filter((statement) => !rebuilt.includes(statement))
}

describe('what breaks the previous version', () => {
  const rows: readonly (readonly [statement: string, isBroken: boolean])[] = [
    ['alter table "users" add column "a" text', false],
    ['alter table "users" add column "a" bigint default 0 not null', false],
    ['alter table "users" add column "a" bigint not null', true],
    ['alter table "users" drop column "a"', true],
    ['alter table "users" rename column "a" to "b"', true],
    ['alter table "users" rename to "b"', true],
    ['alter table "users" alter column "a" set not null', true],
    ['alter table "users" drop constraint "a"', false],
    ['drop table "users"', true],
    ['create index "a" on "users" ("b")', false],
    ['create table "a" ("b" text not null)', false],
  ]
  for (const [statement, isBroken] of rows) {
    testOnce(statement, () => assert.equal(breaks(statement), isBroken))
  }
})

test('no migration after the first breaks the previous version', async (t) => {
  for (const [name, migration] of Object.entries(migrations).slice(1)) {
    // It says which programs it breaks.
    if (/_needs_\d{4}$/.test(name)) continue
    assert.deepEqual(withoutRebuilds(await ddlOf(t.dialect, migration)).filter(breaks), [], name)
  }
  const [initial] = Object.values(migrations)
  assert.ok(initial !== undefined && (await ddlOf(t.dialect, initial)).length > 5, 'what is looked at')
})
