/** `docs/adr/0057-late-retries.md`: a client that died before it stored the new token goes on, and a thief does not. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import type { Answer, Service } from '../support/service.ts'
import { override, startService } from '../support/service.ts'

const HOUR = 3_600_000
const successor = ({ status, body }: Answer): string => {
  assert.equal(status, 200, body.message)
  return body.data.refresh_token
}
const row = (service: Service) => service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()

/** A session whose first successor was never stored. */
async function killed(
  t: Parameters<typeof startService>[0],
  options: Parameters<typeof startService>[1] = {},
) {
  const service = await startService(t, options)
  await service.register()
  const { refreshToken } = await service.login()
  const skipped = successor(await service.refresh(refreshToken))
  return { service, refreshToken, skipped }
}

test('a retry after the grace: the lineage jumps, and goes on', async (t) => {
  const { service, refreshToken } = await killed(t)
  service.clock.now += 71 * HOUR
  const late = successor(await service.refresh(refreshToken))
  const { generation, refresh_count, rotated_at, revoked_at } = await row(service)
  assert.deepEqual([generation, refresh_count, rotated_at, revoked_at], [2, 2, service.clock.now, null])
  assert.match(service.logged(), /"event":"token.rotated"[^\n]*"reason":"late"/)
  service.clock.now += HOUR
  successor(await service.refresh(late))
})

test('its own answer is lost: it is repeated like any other, byte for byte, and late once more', async (t) => {
  const { service, refreshToken } = await killed(t)
  service.clock.now += HOUR
  const late = successor(await service.refresh(refreshToken))
  service.clock.now += 30_000
  assert.equal(successor(await service.refresh(refreshToken)), late)
  service.clock.now += HOUR
  const again = successor(await service.refresh(refreshToken))
  assert.notEqual(again, late)
  assert.equal((await row(service)).generation, 3)
  successor(await service.refresh(again))
})

for (const [what, wait] of [
  ['at once', 0],
  ['after the grace', 31_000],
] as const) {
  test(`the skipped token, ${what}: reuse, and the session ends for both`, async (t) => {
    const { service, refreshToken, skipped } = await killed(t)
    service.clock.now += HOUR
    const late = successor(await service.refresh(refreshToken))
    service.clock.now += wait
    assert.equal((await service.refresh(skipped)).status, 401)
    assert.equal((await row(service)).revoked_reason, 'reuse')
    for (const token of [late, refreshToken]) assert.equal((await service.refresh(token)).status, 401)
  })
}

test('the successor was presented: the predecessor is reuse, as ever', async (t) => {
  const { service, refreshToken, skipped } = await killed(t)
  successor(await service.refresh(skipped))
  service.clock.now += 31_000
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.equal((await row(service)).revoked_reason, 'reuse')
})

for (const [what, settings, wait] of [
  ['a millisecond after the window', { lateRetry: HOUR }, HOUR + 1],
  ['with REFRESH_TOKEN_LATE_RETRY_HOURS=0', { lateRetry: 0 }, 30_001],
  ['in strict mode', { grace: 0 }, 1],
] as const) {
  test(`${what}: reuse`, async (t) => {
    const { service, refreshToken } = await killed(t, settings)
    service.clock.now += wait
    assert.equal((await service.refresh(refreshToken)).status, 401)
    assert.equal((await row(service)).revoked_reason, 'reuse')
  })
}

test('20 late retries at once: one jump, one successor', async (t) => {
  const { service, refreshToken } = await killed(t)
  service.clock.now += HOUR
  const answers = await Promise.all(Array.from({ length: 20 }, () => service.refresh(refreshToken)))
  assert.equal(new Set(answers.map(successor)).size, 1)
  const { generation, refresh_count } = await row(service)
  assert.deepEqual([generation, refresh_count], [2, 2])
})

test('late retries and rotations by the successor at once: one of the two lines ends the session', async (t) => {
  for (let round = 0; round < effort(4, 20); round++) {
    const { service, refreshToken, skipped } = await killed(t)
    service.clock.now += HOUR
    const tokens = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? refreshToken : skipped))
    const answers = await Promise.all(tokens.map((token) => service.refresh(token)))
    const ofLate = answers.filter(({ status }, index) => status === 200 && index % 2 === 0).length
    const ofSuccessor = answers.filter(({ status }, index) => status === 200 && index % 2 === 1).length
    assert.ok(ofLate === 0 || ofSuccessor === 0, `${ofLate} late, ${ofSuccessor} by the successor`)
    assert.notEqual((await row(service)).revoked_at, null)
    await service.stop()
  }
})

test('after a revocation nothing is retried, and a logout among late retries wins', async (t) => {
  const { service, refreshToken } = await killed(t)
  service.clock.now += HOUR
  const retries = Array.from({ length: 10 }, () => service.refresh(refreshToken))
  const logout = service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  const answers = await Promise.all(retries)
  assert.equal((await logout).status, 200)
  for (const { status, body } of answers)
    if (status === 200) assert.equal((await service.refresh(body.data.refresh_token)).status, 401)
  assert.equal((await service.refresh(refreshToken)).status, 401)
})

test('the current token was presented while rotation was off: the predecessor is reuse', async (t) => {
  const { service, refreshToken, skipped } = await killed(t)
  const { settings } = service.core
  override(service.core, { settings: { ...settings, rotation: false } })
  assert.equal((await service.refresh(skipped)).status, 200)
  override(service.core, { settings })
  service.clock.now += HOUR
  assert.equal((await service.refresh(refreshToken)).status, 401)
})

test('a stall: the rotation was committed, the client got 503, and its retry comes after 38 s', async (t) => {
  const service = await startService(t)
  await service.register()
  for (const stall of [10_000, 40_000, 90_000, 30 * 60_000]) {
    const { refreshToken } = await service.login()
    await service.refresh(refreshToken)
    service.clock.now += stall
    successor(await service.refresh(successor(await service.refresh(refreshToken))))
  }
})
