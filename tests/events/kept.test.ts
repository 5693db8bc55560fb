/** Which events are kept, with what, and that no change of state is without its own, nor the other way round. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { endEverySession } from '../../src/sessions/revoke.ts'
import { listEvents } from '../../src/store/events.ts'
import { activateUser, deactivateUser, deleteUser } from '../../src/store/users.ts'
import { test } from '../dialects.ts'
import { MINUTE, PASSWORD, startService } from '../fixture.ts'

type Service = Awaited<ReturnType<typeof startService>>

const events = async ({ core }: Service) => (await listEvents(core.db, { limit: 1000 })).reverse()
const told = async (service: Service) =>
  (await events(service)).map(({ name, reason, kind }) => [name, reason, kind].filter(Boolean).join(' '))

test('all that happens to an account and its sessions, once and in order', async (t) => {
  const service = await startService(t)
  const { core, clock } = service
  const user = await service.register()
  const first = await service.login()
  await service.request('/api/auth/login', { json: { username: 'ada', password: 'wrong, of course' } })
  await service.refresh(first.refreshToken)
  await service.refresh(first.refreshToken)
  await service.exchange(first.accessToken)
  clock.now += MINUTE
  for (const _ of [1, 2, 3]) assert.equal((await service.refresh(first.refreshToken)).status, 401)
  assert.equal((await service.refresh('not.a.token')).status, 401)
  const second = await service.login()
  await service.login()
  const change = (current: string) =>
    service.request('/api/auth/password', {
      bearer: second.accessToken,
      json: { current_password: current, new_password: 'another one entirely' },
    })
  await change('wrong, of course')
  assert.equal((await change(PASSWORD)).status, 200)
  for (const _ of [1, 2])
    await service.request('/api/auth/logout', { method: 'POST', bearer: second.refreshToken })
  for (const _ of [1, 2]) await deactivateUser(core.db, user.id, clock.now)
  for (const _ of [1, 2]) await activateUser(core.db, user.id, clock.now)
  assert.equal(await endEverySession(core, 'operator'), 0)
  for (const _ of [1, 2]) await deleteUser(core.db, user.id, clock.now)
  assert.deepEqual(await told(service), [
    'user.registered',
    'session.opened',
    'login.failed invalid',
    'token.reuse_detected refresh',
    'session.revoked reuse refresh',
    'token.refused revoked refresh',
    'session.opened',
    'session.opened',
    'password.refused wrong_password',
    'password.changed',
    'session.revoked password',
    'session.revoked logout',
    'user.deactivated',
    'user.activated',
    'user.deleted',
  ])
  const rows = await events(service)
  const byHttp = rows.filter(({ requestId }) => requestId !== null)
  assert.equal(byHttp.length, rows.length - 3, 'all but what the operator did')
  for (const row of byHttp)
    assert.deepEqual([row.address, row.userAgent, row.userId], ['127.0.0.1', 'node', user.id])
  const page = await listEvents(core.db, { limit: 2, before: rows[3]?.position })
  assert.deepEqual(
    page.map(({ name }) => name),
    ['login.failed', 'session.opened'],
  )
})

test('where the event cannot be written there is no change, and a refusal is one all the same', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const { db } = service.core
  await db.schema.alterTable('events').renameTo('hidden').execute()
  const logout = () => service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.equal((await logout()).status, 500)
  const wrong = { json: { username: 'ada', password: 'wrong, of course' } }
  assert.equal((await service.request('/api/auth/login', wrong)).status, 401)
  assert.match(service.logged(), /event not kept/)
  assert.equal(
    (await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })).status,
    500,
  )
  assert.equal((await service.refresh(refreshToken)).status, 200, 'a good refresh has nothing to do with it')
  await db.schema.alterTable('hidden').renameTo('events').execute()
  const sessions = await db.selectFrom('sessions').select('revoked_at').execute()
  assert.deepEqual(sessions, [{ revoked_at: null }])
  assert.deepEqual(await told(service), ['user.registered', 'session.opened'])
})

test('many that end one session at once: one event', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const logout = () => service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  await Promise.all(Array.from({ length: 10 }, logout))
  assert.deepEqual(await told(service), ['user.registered', 'session.opened', 'session.revoked logout'])
})

test('everybody logged out by the operator: one event, and none when nobody was', async (t) => {
  const service = await startService(t)
  await service.register()
  for (const _ of [1, 2]) await service.login()
  assert.equal(await endEverySession(service.core, 'operator'), 2)
  assert.equal(await endEverySession(service.core, 'operator'), 0)
  assert.deepEqual((await told(service)).slice(3), ['sessions.revoked operator'])
})

test('a token that somebody sends as the name of a client is not kept', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  const json = { username: 'ada', password: PASSWORD }
  await service.request('/api/auth/login', { json, headers: { 'User-Agent': `app/${accessToken}` } })
  assert.equal((await events(service)).at(-1)?.userAgent, 'app/[token]')
})

testOnce('neither a long name of a client takes long, nor is what costs nothing kept', async (t) => {
  const service = await startService(t)
  await service.register()
  const headers = { 'User-Agent': 'ey'.repeat(7500) }
  const times = []
  for (const _ of [1, 2, 3]) {
    const begun = performance.now()
    await service.request('/api/auth/logout', { method: 'POST', bearer: 'x', headers })
    times.push(performance.now() - begun)
  }
  assert.ok(Math.min(...times) < 100, `${times} ms`)
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
  assert.equal((await service.request('/api/auth/login', { json, headers: foreign })).status, 403)
  assert.deepEqual(await told(service), ['user.registered'])
})
