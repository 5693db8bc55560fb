/** Ceilings for what succeeds, seen by clients. */
import assert from 'node:assert/strict'
import type { Settings } from '../../src/config/settings.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Answer } from '../support/service.ts'
import { ADMIN_TOKEN, LIMITS, NO_LIMITS, PASSWORD, startService } from '../support/service.ts'
import { storedRows } from '../support/session-context.ts'

const start = (
  t: Partial<DialectContext>,
  limits: Partial<Settings['limits']>,
  more: Partial<Settings> = {},
) => startService(t as DialectContext, { ...more, limits: { ...NO_LIMITS, ...limits } })

const policyOf = (answer: Answer) => [answer.status, answer.headers.get('RateLimit-Policy')]

test('right passwords: beyond the limit of the user 429, which changes nothing, and the sessions go on', async (t) => {
  const service = await start(t, { sessionsUser: { points: 3, seconds: 600 } })
  await service.register()
  const { refreshToken } = await service.login()
  await service.login()
  await service.login()
  const { sessions } = await storedRows(service.core.db)
  const refused = await service.tryLogin(PASSWORD)
  assert.deepEqual(policyOf(refused), [429, '"sessions-user";q=3;w=600'])
  assert.equal(refused.headers.get('Retry-After'), '600')
  assert.deepEqual((await storedRows(service.core.db)).sessions, sessions)
  assert.equal((await service.refresh(refreshToken)).status, 200)
  service.clock.now += 600_000
  await service.login()
})

test('right passwords of many users from one address: 429', async (t) => {
  const service = await start(t, { sessionsAddress: { points: 2, seconds: 600 } })
  for (const name of ['ada', 'bob', 'eve']) await service.register(name)
  await service.login('ada')
  await service.login('bob')
  assert.deepEqual(policyOf(await service.tryLogin(PASSWORD, 'eve')), [429, '"sessions-address";q=2;w=600'])
})

test('refreshes and exchanges of all sessions of a user: 429 beyond their limit; others go on', async (t) => {
  const service = await start(t, { refreshUser: { points: 3, seconds: 60 } })
  await service.register()
  await service.register('bob')
  const grants = [await service.login(), await service.login(), await service.login(), await service.login()]
  const statuses: number[] = []
  for (const { refreshToken } of grants.slice(0, 2))
    statuses.push((await service.refresh(refreshToken)).status)
  for (const { accessToken } of grants.slice(2)) statuses.push((await service.exchange(accessToken)).status)
  assert.deepEqual(statuses, [200, 200, 200, 429])
  const refused = await service.refresh(grants[3]?.refreshToken ?? '')
  assert.deepEqual(policyOf(refused), [429, '"refresh-user";q=3;w=60'])
  // A retry of one whose answer was lost.
  assert.equal((await service.refresh(grants[0]?.refreshToken ?? '')).status, 200)
  assert.equal((await service.refresh((await service.login('bob')).refreshToken)).status, 200)
})

test('sessions that an operator opens: the ceiling of the user holds, and the number of live ones is bounded', async (t) => {
  const service = await start(t, LIMITS, { sessionsPerUser: 2 })
  const { id } = await service.register()
  const path = `/admin/users/${id}/sessions`
  const opened: string[] = []
  for (let count = 0; count < 4; count++) {
    const { body } = await service.request(path, { json: {}, bearer: ADMIN_TOKEN })
    opened.push(body.data.session_id)
    service.clock.now += 1000
  }
  const { body } = await service.request(path, { bearer: ADMIN_TOKEN })
  const ids = body.data.sessions.map((session: { id: string }) => session.id)
  assert.deepEqual(ids.toSorted(), opened.slice(2).toSorted())
  assert.match(service.logged(), /"reason":"evicted"/)
})
