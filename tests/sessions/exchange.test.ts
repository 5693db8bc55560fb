/** `docs/adr/0002-exchange-bounds.md`, line by line: the bounds of the exchange of an access token. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { DAY, MINUTE, startService } from '../support/service.ts'

const invalid = { status: 'error', code: 401, message: 'Invalid access token.' }
const expired = { status: 'error', code: 401, message: 'Access token has expired.' }
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
const sessionRow = (service: Service) =>
  service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()

async function loggedIn(service: Service) {
  await service.register()
  return service.login()
}

test('an expired token, to the last millisecond of the window, and not after', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  const end = claims(accessToken).exp * 1000 + 1440 * MINUTE
  service.clock.now = end
  assert.deepEqual((await service.exchange(accessToken)).body, expired)
  service.clock.now = end - 1
  const answer = await service.exchange(accessToken)
  assert.deepEqual([answer.status, answer.body.token_type, answer.body.expires_in], [200, 'bearer', 1800])
  assert.equal((await service.request('/api/auth/me', { bearer: answer.body.access_token })).status, 200)
})

test('an unexpired token: exchanged as well, and dead when the grace is over', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  assert.equal((await service.exchange(accessToken)).status, 200)
  service.clock.now += MINUTE
  assert.deepEqual((await service.request('/api/auth/me', { bearer: accessToken })).body, invalid)
})

test('the same token again within the grace window: the byte-identical successor, with its time running', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  const first = await service.exchange(accessToken)
  service.clock.now += 30_000
  const again = await service.exchange(accessToken)
  assert.equal(again.body.access_token, first.body.access_token)
  assert.equal(again.body.expires_in, 1770)
})

for (const [what, grace, wait] of [
  ['after the grace window', 30_000, 30_001],
  ['at once, strict', 0, 0],
] as const) {
  test(`the same token again ${what}: reuse, and the session ends`, async (t) => {
    const service = await startService(t, { grace })
    const { accessToken, refreshToken } = await loggedIn(service)
    const next = (await service.exchange(accessToken)).body.access_token
    service.clock.now += wait
    assert.deepEqual((await service.exchange(accessToken)).body, invalid)
    assert.equal((await sessionRow(service)).revoked_reason, 'reuse')
    assert.deepEqual((await service.exchange(next)).body, invalid)
    assert.equal((await service.refresh(refreshToken)).status, 401)
    assert.match(service.logged(), /"event":"token.reuse_detected"/)
  })
}

test('a chain of exchanges lives past the idle deadline, and ends at the absolute one', async (t) => {
  const service = await startService(t, { sessionMaxAge: 32 * DAY })
  let { accessToken } = await loggedIn(service)
  for (let day = 1; day < 32; day++) {
    service.clock.now += DAY
    const answer = await service.exchange(accessToken)
    assert.equal(answer.status, 200, `day ${day}`)
    accessToken = answer.body.access_token
  }
  service.clock.now += DAY - 2000
  const last = await service.exchange(accessToken)
  assert.equal(last.body.expires_in, 2)
  service.clock.now += 2000
  assert.deepEqual((await service.exchange(last.body.access_token)).body, expired)
})

test('a logged-out token stays dead for the whole window', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  await service.request('/api/auth/logout', { method: 'POST', bearer: accessToken })
  for (const wait of [0, 29 * MINUTE, 2 * MINUTE, 1400 * MINUTE]) {
    service.clock.now += wait
    assert.deepEqual((await service.exchange(accessToken)).body, invalid)
  }
})

test('switched off by a window of 0', async (t) => {
  const service = await startService(t, { exchangeWindow: 0 })
  const { accessToken } = await loggedIn(service)
  const answer = await service.exchange(accessToken)
  assert.deepEqual([answer.status, answer.body.message], [403, 'Exchange is disabled.'])
})

test('a refresh token is refused here, and an access token at /refresh_token', async (t) => {
  const service = await startService(t)
  const { accessToken, refreshToken } = await loggedIn(service)
  assert.deepEqual((await service.exchange(refreshToken)).body, invalid)
  assert.equal((await service.refresh(accessToken)).body.message, 'Invalid refresh token.')
  assert.equal((await sessionRow(service)).revoked_at, null)
})

test('deactivated and deleted users', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  await service.core.db.updateTable('users').set({ deactivated_at: 1 }).execute()
  assert.deepEqual((await service.exchange(accessToken)).status, 403)
  await service.core.db.deleteFrom('users').execute()
  assert.deepEqual((await service.exchange(accessToken)).status, 404)
})

test('the exchange is counted in the list of sessions', async (t) => {
  const service = await startService(t)
  const { accessToken } = await loggedIn(service)
  service.clock.now += MINUTE
  const { body } = await service.exchange(accessToken)
  const exchangedAt = service.clock.now
  service.clock.now += 2 * MINUTE
  const list = await service.request('/api/auth/sessions', { bearer: body.access_token })
  const [session] = list.body.data.sessions
  assert.equal(session.refresh_count, 1)
  assert.equal(session.refreshed_at, new Date(exchangedAt).toISOString())
})
