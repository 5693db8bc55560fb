/** A move to another database: whatever a user holds goes on, and what was over stays over. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoreOptions } from '../../src/store/open.ts'
import type { Dialect } from '../support/database.ts'
import { connect, freshDatabase } from '../support/database.ts'
import { ENTRY, finish, rekindle, start } from '../support/program.ts'
import { MINUTE, startService } from '../support/service.ts'
import { argsOf, change, copy, live, rowsOf, successor, urlOf } from './copying.ts'

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
      assert.match(
        stdout,
        /^\S+ to \S+: 2 users, 3 sessions, 1 revoked token, 6 events copied and compared\.\n$/,
      )
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
      `insert into sessions (id, user_id, generation, created_at, rotated_at, refreshed_at, refresh_count, expires_at,
       absolute_expires_at, revoked_at, revoked_reason, user_agent, address, prune_at)
       select printf('bulk-%06d', value), user_id, generation, created_at, rotated_at, refreshed_at,
         refresh_count, expires_at, absolute_expires_at, revoked_at, revoked_reason, user_agent, address, prune_at
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
    assert.equal(listed.code, 1)
    assert.match(listed.stderr, /: the database is a copy that was not finished: run rekindle copy again\n$/)

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
