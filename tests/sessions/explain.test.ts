/** When and why each session ended: by its row, and by events once the row is deleted. */
import assert from 'node:assert/strict'
import { explainSessions } from '../../src/sessions/explain.ts'
import { pruneAll } from '../../src/sessions/prune.ts'
import { endEverySession } from '../../src/sessions/revoke.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { connect, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'

const HOUR = 60 * MINUTE

async function explain({ core }: Service, userId: string) {
  const { sessions } = await explainSessions(core, { userId, limit: 100 })
  return sessions.map(({ reason, endedAt }) => [reason, endedAt])
}

/** Ends one session after the other, each in its own way. @returns what has to be told, the newest first */
async function endInAllWays(service: Service, id: string) {
  const { clock } = service
  const told: [reason: string, endedAt: number | null][] = []
  const post = (path: string, bearer: string, json?: object) =>
    service.request(path, { method: 'POST', bearer, json })
  const admin = (path: string, method: string) => service.request(path, { method, bearer: ADMIN_TOKEN })
  const ways: readonly (readonly [
    string,
    (tokens: Awaited<ReturnType<Service['login']>>) => Promise<unknown>,
  ])[] = [
    ['logout', ({ refreshToken }) => post('/api/auth/logout', refreshToken)],
    ['logout_all', ({ accessToken }) => post('/api/auth/logout_all', accessToken)],
    [
      'ended',
      ({ accessToken }) =>
        service.request(`/api/auth/sessions/${sidOf(accessToken)}`, {
          method: 'DELETE',
          bearer: accessToken,
        }),
    ],
    ['operator', ({ accessToken }) => admin(`/admin/users/${id}/sessions/${sidOf(accessToken)}`, 'DELETE')],
    [
      'reuse',
      async ({ refreshToken }) => {
        await service.refresh(refreshToken)
        const { body } = await service.refresh(refreshToken)
        await service.refresh(body.data.refresh_token)
        clock.now += MINUTE
        await service.refresh(refreshToken)
      },
    ],
    [
      'deactivated',
      async () => {
        await admin(`/admin/users/${id}/deactivate`, 'POST')
        await admin(`/admin/users/${id}/activate`, 'POST')
      },
    ],
    [
      'password',
      () =>
        service.request(`/admin/users/${id}/password`, {
          method: 'PUT',
          bearer: ADMIN_TOKEN,
          json: { password: PASSWORD },
        }),
    ],
  ]
  for (const [reason, end] of ways) {
    const tokens = await service.login()
    clock.now += MINUTE
    await end(tokens)
    told.unshift([reason, clock.now])
  }
  // Beyond the ceiling of one
  await service.login()
  clock.now += MINUTE
  await service.login()
  told.unshift(['active', null], ['evicted', clock.now])
  return told
}

test('each way to end, and the same from events when the rows are deleted', async (t) => {
  const service = await startService(t, { sessionsPerUser: 1 })
  const { id } = await service.register()
  const told = await endInAllWays(service, id)
  assert.deepEqual(await explain(service, id), told)
  service.clock.now += 3 * DAY
  await pruneAll(service.core)
  const rows = await service.core.db.selectFrom('sessions').select('id').execute()
  assert.equal(rows.length, 1)
  assert.deepEqual(await explain(service, id), told)
})

test('deadlines, to the moment, while the row is there and after that', async (t) => {
  const service = await startService(t, { refreshTokenTtl: 10 * DAY, sessionMaxAge: 15 * DAY })
  const { clock, core } = service
  const { id } = await service.register()
  const begun = clock.now
  await service.login()
  assert.deepEqual(await explain(service, id), [['active', null]])
  clock.now = begun + 10 * DAY - 1
  assert.deepEqual(await explain(service, id), [['active', null]])
  clock.now = begun + 10 * DAY
  const idle = ['idle', begun + 10 * DAY]
  assert.deepEqual(await explain(service, id), [idle])
  // Revoked afterwards, which writes no event
  await endEverySession(core, { reason: 'operator', origin: OPERATOR })
  assert.deepEqual(await explain(service, id), [idle])
  const { refreshToken } = await service.login()
  const second = clock.now
  clock.now += 9 * DAY
  assert.equal((await service.refresh(refreshToken)).status, 200)
  clock.now = second + 15 * DAY
  assert.deepEqual(await explain(service, id), [['max_age', second + 15 * DAY], idle])
  clock.now += 2 * HOUR
  await pruneAll(core)
  assert.deepEqual(await core.db.selectFrom('sessions').select('id').execute(), [])
  assert.deepEqual(await explain(service, id), [['max_age', second + 15 * DAY], idle])
  // By an older version, which wrote no event.
  await core.db.deleteFrom('events').where('name', '=', 'session.expired').execute()
  assert.deepEqual(await explain(service, id), [
    ['expired', null],
    ['operator', begun + 10 * DAY],
  ])
})

test('ended after its idle deadline: it had expired, while the row is there and after that', async (t) => {
  const service = await startService(t, { refreshTokenTtl: 10 * DAY })
  const { clock, core } = service
  const { id } = await service.register()
  const { refreshToken } = await service.login()
  const idle = ['idle', clock.now + 10 * DAY]
  clock.now += 12 * DAY
  assert.equal(
    (await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })).status,
    200,
  )
  assert.deepEqual(await explain(service, id), [idle])
  clock.now += 3 * DAY
  await pruneAll(core)
  assert.deepEqual(await core.db.selectFrom('sessions').select('id').execute(), [])
  assert.deepEqual(await explain(service, id), [idle])
})

test('an exchange keeps a session going beyond its idle deadline', async (t) => {
  const service = await startService(t, { refreshTokenTtl: HOUR })
  const { clock } = service
  const { id } = await service.register()
  const { accessToken } = await service.login()
  clock.now += 50 * MINUTE
  assert.equal((await service.exchange(accessToken)).status, 200)
  const exchanged = clock.now
  clock.now += HOUR
  assert.deepEqual(await explain(service, id), [['active', null]])
  // An access token of 30 minutes, a window of a day, a grace window of 30 seconds
  const end = exchanged + 30 * MINUTE + DAY + 30_000
  clock.now = end - 1
  assert.deepEqual(await explain(service, id), [['active', null]])
  clock.now = end
  assert.deepEqual(await explain(service, id), [['idle', end]])
})

test('endings of all at once, without an event for each', async (t) => {
  const service = await startService(t)
  const { clock, core } = service
  const { id } = await service.register()
  await service.register('grace')
  await service.login()
  clock.now += MINUTE
  await endEverySession(core, { reason: 'operator', origin: OPERATOR })
  const everybody = ['operator', clock.now]
  clock.now += 3 * DAY
  await pruneAll(core)
  await service.login()
  assert.deepEqual(await explain(service, id), [['active', null], everybody])
  // A raised epoch whose rows are not written yet
  const users = core.db.updateTable('users').where('id', '=', id)
  await users.set({ session_epoch: 1, ending_at: clock.now, ending_reason: 'logout_all' }).execute()
  assert.deepEqual(await explain(service, id), [['logout_all', clock.now], everybody])
})

test('page by page, each session once, whether its row is there or not', async (t) => {
  const service = await startService(t)
  const { clock, core } = service
  const { id } = await service.register()
  for (let count = 0; count < 7; count++) {
    const { refreshToken } = await service.login()
    clock.now += MINUTE
    if (count % 2 === 0) await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  }
  const all = (await explainSessions(core, { userId: id, limit: 100 })).sessions.map((one) => one.id)
  assert.equal(new Set(all).size, 7)
  const connection = await connect(service.database)
  t.after(() => connection.close())
  await connection.query('delete from sessions where revoked_at is not null')
  const path = `/admin/users/${id}/session_history?limit=2`
  const pages: string[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const url = cursor === '' ? path : `${path}&cursor=${cursor}`
    const { body } = await service.request(url, { bearer: ADMIN_TOKEN })
    pages.push(body.data.sessions.map((session: { id: string }) => session.id))
    cursor = body.data.next_cursor
  }
  assert.deepEqual(
    pages.map(({ length }) => length),
    [2, 2, 2, 1],
  )
  assert.deepEqual(pages.flat(), all)
})
