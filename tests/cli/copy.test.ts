/** A move to another database: whatever a user holds goes on, and what was over stays over. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoreOptions } from '../../src/store/open.ts'
import type { Dialect } from '../dialects.ts'
import { connect, freshDatabase } from '../dialects.ts'
import type { Answer, Service } from '../fixture.ts'
import { MINUTE, startService } from '../fixture.ts'
import { ENTRY, failed, finish, rekindle, start } from './command.ts'

const urlOf = (database: StoreOptions) =>
  database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url

const argsOf = (from: StoreOptions, to: StoreOptions) => ['copy', '--from', urlOf(from), '--to', urlOf(to)]
const copy = (from: StoreOptions, to: StoreOptions) => rekindle(argsOf(from, to))

async function rowsOf(database: StoreOptions) {
  const connection = await connect(database)
  const rows = []
  for (const table of ['users', 'sessions', 'revoked_tokens']) {
    const found = await connection.query(`select * from ${table} order by 1`)
    // Without our parser pg gives big integers as text.
    rows.push(
      found.map((row) =>
        Object.fromEntries(Object.entries(row).map(([k, v]) => [k, v === null ? v : String(v)])),
      ),
    )
  }
  await connection.close()
  return rows
}

async function change(database: StoreOptions, ...statements: string[]): Promise<void> {
  const connection = await connect(database)
  for (const statement of statements) await connection.query(statement)
  await connection.close()
}

const successor = ({ body }: Answer): string => body.data.refresh_token

/** Sessions in all states. */
async function live(service: Service) {
  await service.register()
  await service.register("O'Brien🗝")
  const [first, second, over] = [await service.login(), await service.login(), await service.login()]
  service.clock.now += MINUTE
  const current = successor(await service.refresh(first.refreshToken))
  const exchanged = await service.exchange(second.accessToken)
  await service.request('/api/auth/logout', { method: 'POST', bearer: over.refreshToken })
  return { superseded: first.refreshToken, current, second, exchanged, over: over.refreshToken }
}

const WAYS: readonly (readonly [from: Dialect, to: Dialect])[] = [
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['sqlite', 'sqlite'],
]

describe('copy', { concurrency: 2 }, () => {
  for (const [from, to] of WAYS) {
    test(`${from} to ${to}: refreshes, exchanges and replays go on, and what is over stays over`, async (t) => {
      const old = await startService(t, {}, undefined, from)
      const held = await live(old)
      await old.stop()
      const database = await freshDatabase(t, to, 'template0')
      const { code, stdout, stderr } = await copy(old.database, database)
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(stdout, '2 users, 3 sessions, 1 revoked token copied and compared.\n')
      assert.deepEqual(await rowsOf(database), await rowsOf(old.database))

      const service = await startService(t, { database }, old.clock)
      assert.equal(successor(await service.refresh(held.superseded)), held.current)
      const exchanged = await service.exchange(held.second.accessToken)
      assert.equal(exchanged.body.access_token, held.exchanged.body.access_token)
      assert.equal((await service.refresh(held.current)).status, 200)
      assert.equal((await service.exchange(held.exchanged.body.access_token)).status, 200)
      assert.equal((await service.refresh(held.over)).status, 401)
      service.clock.now += MINUTE
      assert.equal((await service.refresh(held.superseded)).status, 401)
      assert.match(service.logged(), /token.reuse_detected/)
      await service.login("O'Brien🗝")
    })
  }

  test('while the service runs, and once more: changes follow, and what has gone goes', async (t) => {
    const old = await startService(t)
    const held = await live(old)
    const database = await freshDatabase(t, 'postgres', 'template0')
    assert.equal((await copy(old.database, database)).code, 0)
    const { refreshToken } = await old.login()
    const current = successor(await old.refresh(held.current))
    await change(old.database, "delete from users where username <> 'ada'", 'delete from revoked_tokens')
    // The name of one who has gone is free for another.
    await old.register("O'Brien🗝")
    await old.stop()
    assert.equal((await copy(old.database, database)).code, 0)
    assert.deepEqual(await rowsOf(database), await rowsOf(old.database))
    const service = await startService(t, { database }, old.clock)
    for (const token of [refreshToken, current]) assert.equal((await service.refresh(token)).status, 200)
  })

  test('killed half-way: no service starts on it, and the next copy goes on', {
    timeout: 120_000,
  }, async (t) => {
    const old = await startService(t)
    const held = await live(old)
    const SESSIONS = 40_000
    await change(
      old.database,
      `insert into sessions select printf('bulk-%06d', value), user_id, generation, created_at, rotated_at, refreshed_at,
         refresh_count, expires_at, absolute_expires_at, revoked_at, revoked_reason, user_agent, address
       from sessions, (with recursive n(value) as (select 1 union all select value + 1 from n limit ${SESSIONS})
         select value from n) where revoked_at is null limit ${SESSIONS}`,
    )
    await old.stop()
    const database = await freshDatabase(t, 'postgres', 'template0')
    const child = start([ENTRY, ...argsOf(old.database, database)])
    const ended = finish(child)
    const count = await Promise.race([sessionsArrive(database), ended.then(({ stderr }) => stderr)])
    child.kill('SIGKILL')
    await ended
    t.diagnostic(`killed after ${count} rows or so`)
    const [, sessions = []] = await rowsOf(database)
    assert.ok(sessions.length > 0 && sessions.length < SESSIONS, `${sessions.length} sessions`)
    await assert.rejects(startService(t, { database }), /copy that was not finished/)
    const listed = await rekindle(['users', 'list'], { DATABASE_URL: urlOf(database) })
    assert.deepEqual(listed, failed('the database is a copy that was not finished: run rekindle copy again'))

    assert.equal((await copy(old.database, database)).code, 0)
    assert.deepEqual(await rowsOf(database), await rowsOf(old.database))
    const service = await startService(t, { database }, old.clock)
    assert.equal((await service.refresh(held.current)).status, 200)
  })
})

async function sessionsArrive(database: StoreOptions): Promise<number> {
  for (;;) {
    const connection = await connect(database)
    const found = await connection.query('select count(*) as count from sessions').catch(() => [])
    await connection.close()
    if (Number(found[0]?.count ?? 0) > 1000) return Number(found[0].count)
    await pause(20)
  }
}

describe('copy refuses', { concurrency: 2 }, () => {
  async function moved(t: TestContext) {
    const old = await startService(t)
    await live(old)
    const database = await freshDatabase(t, 'sqlite')
    assert.equal((await copy(old.database, database)).code, 0)
    return { old, database }
  }
  const inUse = failed('the target is in use: it has users that the source does not have, or later refreshes')

  test('a target with users of its own, and leaves it alone', async (t) => {
    const { old, database } = await moved(t)
    const service = await startService(t, { database }, old.clock)
    await service.register('eve')
    const before = await rowsOf(database)
    assert.deepEqual(await copy(old.database, database), inUse)
    assert.deepEqual(await rowsOf(database), before)
  })

  test('a target whose sessions went on since', async (t) => {
    const { old, database } = await moved(t)
    const service = await startService(t, { database }, old.clock)
    service.clock.now += 1
    await service.login()
    assert.deepEqual(await copy(old.database, database), inUse)
    // The way back is free: all users are there, and this side is the later one.
    assert.equal((await copy(database, old.database)).code, 0)
    assert.deepEqual(await rowsOf(old.database), await rowsOf(database))
  })

  test('a copy that came out otherwise', async (t) => {
    const old = await startService(t)
    await live(old)
    const database = await freshDatabase(t, 'sqlite')
    await rekindle(['migrate'], { DATABASE_URL: urlOf(database) })
    await change(
      database,
      `create trigger meddle after insert on users when new.username = 'ada'
         begin update users set last_login_at = 1 where id = new.id; end`,
    )
    const { code, stdout, stderr } = await copy(old.database, database)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^rekindle: the copy differs from the source in users: [0-9a-f-]{36}\n$/)
    await assert.rejects(startService(t, { database }), /copy that was not finished/)
  })

  const NEWER = "insert into kysely_migration values ('9999_newer', '2026-11-22T08:00:00.000Z')"
  for (const [what, statement, message] of [
    [
      'newer',
      NEWER,
      'the database is newer than this program, which does not know its migrations: 9999_newer',
    ],
    ['older', 'delete from kysely_migration', 'its schema is older: run rekindle migrate on it first'],
  ] as const) {
    test(`a source of a ${what} schema`, async (t) => {
      const { old } = await moved(t)
      await change(old.database, statement)
      const result = await copy(old.database, await freshDatabase(t, 'sqlite'))
      assert.deepEqual(result, failed(`the source: ${message}`))
    })
  }

  test('a target of a newer schema', async (t) => {
    const { old, database } = await moved(t)
    await change(database, NEWER)
    const { code, stderr } = await copy(old.database, database)
    assert.equal(code, 1)
    assert.match(stderr, /^rekindle: the target: the database is newer than this program.*9999_newer\n$/)
  })

  test('wrong usage, without a word of the password', async (t) => {
    const file = await freshDatabase(t, 'sqlite')
    const secret = 'postgres://ada:sesame@127.0.0.1:1/x'
    const cases: readonly (readonly [code: number, args: string[], expected: RegExp])[] = [
      [2, ['--from', secret], /required option '--to <url>' not specified/],
      [2, ['--from', secret, '--to', secret], /are the same database/],
      [2, ['--from', `${secret}#`, '--to', secret], /--from must not have a #/],
      [2, ['--from', 'sesame', '--to', secret], /--from must be sqlite:/],
      [1, ['--from', secret, '--to', urlOf(file)], /the source: .*ECONNREFUSED/],
      [1, ['--from', urlOf(file), '--to', secret], /no such file/],
    ]
    for (const [code, args, expected] of cases) {
      const result = await rekindle(['copy', ...args])
      assert.deepEqual([result.code, result.stdout], [code, ''])
      assert.match(result.stderr, expected)
      assert.doesNotMatch(result.stderr, /sesame/)
      assert.equal(result.stderr.split('\n').length, 2)
    }
  })
})
