/** What an access token tells of its own session comes well after the grace window. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'

const MINUTE = 60_000
const SETTLED = 90_000

const sessions = async (service: Service, bearer: string) => {
  const { status, body } = await service.request('/api/auth/sessions', { bearer })
  assert.equal(status, 200)
  return body.data.sessions
}
const refreshBy = (service: Service, token: string, userAgent = 'A browser') =>
  service.request('/refresh_token', {
    method: 'POST',
    bearer: token,
    headers: {
      'User-Agent': userAgent,
      'X-Forwarded-For': userAgent === 'A browser' ? '192.0.2.1' : '198.51.100.1',
    },
  })

test('no refresh shows before the grace window and a minute are over, and then it does', async (t) => {
  const service = await startService(t, { trustProxy: 1, accessTokenTtl: 24 * 60 * MINUTE })
  await service.register()
  const { accessToken, refreshToken: first } = await service.login()
  let refreshToken = first
  for (const [pause, userAgent] of [
    [0, 'A browser'],
    [5 * MINUTE, 'A browser'],
    [25 * MINUTE, 'curl'],
    [25 * MINUTE, 'A browser'],
    [MINUTE, 'curl'],
    [MINUTE, 'A browser'],
    [25 * MINUTE, 'A browser'],
  ] as const) {
    service.clock.now += pause
    const before = await sessions(service, accessToken)
    const at = service.clock.now
    const { body } = await refreshBy(service, refreshToken, userAgent)
    refreshToken = body.data.refresh_token
    assert.deepEqual(await sessions(service, accessToken), before, 'at once')
    service.clock.now += SETTLED - 1
    assert.deepEqual(await sessions(service, accessToken), before, 'a millisecond before')
    service.clock.now += 1
    const [after] = await sessions(service, accessToken)
    assert.equal(after.refreshed_at, new Date(at).toISOString())
    assert.deepEqual(after.refreshed_device, userAgent)
    assert.equal(after.refreshed_address, userAgent === 'curl' ? '198.51.100.1' : '192.0.2.1')
    // Of the next pauses, some are shorter than the time that a refresh takes to show.
    service.clock.now -= SETTLED
  }
})

test('exchanges show no earlier', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  const other = await service.login()
  service.clock.now += 10 * MINUTE
  const before = await sessions(service, other.accessToken)
  const { body } = await service.exchange(accessToken)
  service.clock.now += SETTLED - 1
  for (const token of [other.accessToken, body.access_token]) {
    const shown = await sessions(service, token)
    const plain = ({ current: _, ...session }: { current: boolean }) => session
    assert.deepEqual(shown.map(plain), before.map(plain))
  }
})

test('an exchanged access token is good at our own endpoints for as long as it can be exchanged again', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  await service.exchange(accessToken)
  service.clock.now += 30_000
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
  service.clock.now += 1
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 401)
})

test('in strict mode it is refused at once', async (t) => {
  const service = await startService(t, { grace: 0 })
  await service.register()
  const { accessToken } = await service.login()
  await service.exchange(accessToken)
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 401)
})

test('the operator sees where a session was last refreshed from at once', async (t) => {
  const service = await startService(t, { trustProxy: 1 })
  const { id } = await service.register()
  const { refreshToken } = await service.login()
  await refreshBy(service, refreshToken, 'curl')
  const { body } = await service.request(`/admin/users/${id}/sessions`, { bearer: ADMIN_TOKEN })
  const [session] = body.data.sessions
  assert.deepEqual([session.refreshed_address, session.refreshed_device], ['198.51.100.1', 'curl'])
  assert.deepEqual([session.refresh_count, session.address], [1, '127.0.0.1'])
})
