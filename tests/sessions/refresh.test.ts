/** `docs/glossary.md`, the table of refresh, over HTTP: the response of each line, and its effect on the database. */
import assert from 'node:assert/strict'
import { createTokenKeys } from '../../src/tokens/keys.ts'
import { signRefreshToken } from '../../src/tokens/refresh-token.ts'
import { test } from '../support/database.ts'
import type { Answer, Service } from '../support/service.ts'
import { DAY, override, SECRET, startService } from '../support/service.ts'

const invalid = { status: 'error', code: 401, message: 'Invalid refresh token.' }
const expired = { status: 'error', code: 401, message: 'Refresh token has expired.' }

const successor = ({ body }: Answer): string => body.data.refresh_token
const row = (service: Service) => service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

test('current: rotated by one, with the idle deadline moved and the absolute one kept', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const before = await row(service)
  service.clock.now += 60_000
  const answer = await service.refresh(refreshToken)
  assert.deepEqual(
    [answer.status, answer.body.data.expires_in, answer.body.data.token_type],
    [200, 1800, 'bearer'],
  )
  const after = await row(service)
  assert.deepEqual(after, {
    ...before,
    generation: 1,
    refresh_count: 1,
    rotated_at: service.clock.now,
    refreshed_at: service.clock.now,
    expires_at: service.clock.now + 30 * DAY,
    lineage: after.lineage,
    shown: `${before.refreshed_at} 0 ${before.expires_at} =`,
  })
  assert.match(String(after.lineage), /^1 0 \. [\w-]{6} \+$/)
  assert.equal(claims(successor(answer)).generation, 1)
  assert.equal(claims(successor(answer)).exp, Math.floor(after.expires_at / 1000))
})

test('predecessor within the grace window: the same successor, another access token, nothing moves', async (t) => {
  const service = await startService(t, { lateRetry: 0 })
  await service.register()
  const { refreshToken } = await service.login()
  const first = await service.refresh(refreshToken)
  const before = await row(service)
  service.clock.now += 30_000
  const again = await service.refresh(refreshToken)
  assert.equal(successor(again), successor(first))
  assert.notEqual(again.body.data.access_token, first.body.data.access_token)
  assert.deepEqual(await row(service), before)
  // The window does not slide: it counts from the rotation, not from the last replay.
  service.clock.now += 1
  assert.deepEqual((await service.refresh(refreshToken)).body, invalid)
})

for (const [what, rotations, wait, grace] of [
  ['predecessor after the grace window', 1, 30_001, 30_000],
  ['predecessor at once, strict', 1, 0, 0],
  ['two behind, at once', 2, 0, 30_000],
] as const) {
  test(`${what}: reuse, the session ends, and that is on disk although the request fails`, async (t) => {
    const service = await startService(t, { grace, lateRetry: 0 })
    await service.register()
    const { accessToken, refreshToken } = await service.login()
    let current = refreshToken
    for (let count = 0; count < rotations; count++) current = successor(await service.refresh(current))
    service.clock.now += wait
    const answer = await service.refresh(refreshToken)
    assert.deepEqual([answer.status, answer.body], [401, invalid])
    const { revoked_at, revoked_reason } = await row(service)
    assert.deepEqual([revoked_at, revoked_reason], [service.clock.now, 'reuse'])
    // The thief's tokens and the victim's are one line, and it ends for both.
    assert.deepEqual((await service.refresh(current)).body, invalid)
    assert.equal((await service.exchange(accessToken)).status, 401)
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 401)
    // A repetition changes nothing.
    service.clock.now += 5
    await service.refresh(refreshToken)
    assert.equal((await row(service)).revoked_at, revoked_at)
  })
}

for (const [what, generation, seconds] of [
  ['ahead of the current generation', 2, 0],
  ['the current generation, but from another time', 1, -5],
] as const) {
  test(`${what}: the database went back in time, the session ends as restored`, async (t) => {
    const service = await startService(t)
    await service.register()
    const { accessToken, refreshToken } = await service.login()
    const current = successor(await service.refresh(refreshToken))
    const { sub, sid } = claims(refreshToken)
    const { expires_at } = await row(service)
    const other = await signRefreshToken(service.core.keys, {
      userId: sub,
      sessionId: sid,
      generation,
      issuedAt: service.clock.now + seconds * 1000,
      expiresAt: expires_at,
    })
    assert.deepEqual((await service.refresh(other)).body, invalid)
    const { revoked_at, revoked_reason } = await row(service)
    assert.deepEqual([revoked_at, revoked_reason], [service.clock.now, 'restored'])
    assert.match(service.logged(), /"event":"session.restored"/)
    assert.match(service.logged(), /"reason":"restored"/)
    for (const token of [current, refreshToken]) assert.equal((await service.refresh(token)).status, 401)
    assert.equal((await service.exchange(accessToken)).status, 401)
    await service.login()
  })
}

test('other settings, no rotation for a while, another secret: nobody is taken for restored', async (t) => {
  const service = await startService(t)
  await service.register()
  let { refreshToken } = await service.login()
  const after = async (change: object, seconds: number) => {
    override(service.core, { settings: { ...service.core.settings, ...change } })
    service.clock.now += seconds * 1000
    const answer = await service.refresh(refreshToken)
    assert.equal(answer.status, 200)
    refreshToken = successor(answer) ?? refreshToken
  }
  await after({ refreshTokenTtl: 10 * DAY, sessionMaxAge: 20 * DAY }, 1.7)
  await after({ accessTokenTtl: 5 * 60_000, grace: 0 }, 2.9)
  await after({ rotation: false }, 100)
  await after({}, 100)
  await after({ rotation: true, refreshTokenTtl: 40 * DAY }, 0.3)
  await after({}, 0)
  const previous = SECRET
  const current = Buffer.from('another secret of the same service, 32 bytes')
  const keys = createTokenKeys({ current, previous: [previous], issuer: undefined, audience: undefined })
  override(service.core, { keys })
  await after({}, 60)
  await after({}, 60)
  // The clock is set back.
  await after({}, -3600)
  await after({}, 0)
})

test('idle deadline: it counts from the last rotation', async (t) => {
  const service = await startService(t)
  await service.register()
  let { refreshToken } = await service.login()
  service.clock.now += 29 * DAY
  refreshToken = successor(await service.refresh(refreshToken))
  service.clock.now += 29 * DAY
  refreshToken = successor(await service.refresh(refreshToken))
  service.clock.now += 30 * DAY
  assert.deepEqual((await service.refresh(refreshToken)).body, expired)
})

test('absolute deadline: no rotation moves it, and no token outlives it', async (t) => {
  const service = await startService(t, { sessionMaxAge: 40 * DAY })
  await service.register()
  let { refreshToken } = await service.login()
  service.clock.now += 25 * DAY
  refreshToken = successor(await service.refresh(refreshToken))
  service.clock.now += 15 * DAY - 5000
  const last = await service.refresh(refreshToken)
  assert.equal(last.status, 200)
  assert.equal(last.body.data.expires_in, 5)
  service.clock.now += 5000
  assert.deepEqual((await service.refresh(successor(last))).body, expired)
})

test('rotation off: the refresh token stays as it is, until its own deadline', async (t) => {
  const service = await startService(t, { rotation: false })
  await service.register()
  const { refreshToken } = await service.login()
  for (let count = 1; count <= 3; count++) {
    service.clock.now += 9 * DAY
    const answer = await service.refresh(refreshToken)
    assert.equal(answer.status, 200)
    assert.equal('refresh_token' in answer.body.data, false)
    const { generation, refresh_count } = await row(service)
    assert.deepEqual([generation, refresh_count], [0, count])
  }
  service.clock.now += 3 * DAY
  assert.deepEqual((await service.refresh(refreshToken)).body, expired)
})

test('rotation switched off: a session that was rotated before goes on, and reuse is still reuse', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const second = successor(await service.refresh(refreshToken))
  const settings = { ...service.core.settings, rotation: false }
  override(service.core, { settings })
  assert.equal((await service.refresh(second)).status, 200)
  service.clock.now += 31_000
  assert.deepEqual((await service.refresh(refreshToken)).body, invalid)
  assert.deepEqual((await service.refresh(second)).body, invalid)
})
