/** A clock that is set forward or back by an hour: no user is logged out, and no ended session becomes active again. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { MINUTE } from '../support/service.ts'
import { startWorld } from '../support/world.ts'

for (const step of [60 * MINUTE, -60 * MINUTE]) {
  test(`set ${step > 0 ? 'forward' : 'back'} by an hour`, async (t) => {
    const { service, refreshToken, accessToken } = await startWorld(t)
    const ended = await service.login()
    await service.request('/api/auth/logout', { method: 'POST', bearer: ended.refreshToken })
    const first = (await service.refresh(refreshToken)).body.data

    service.clock.now += step
    const rotated = await service.refresh(first.refresh_token)
    assert.equal(rotated.status, 200)
    assert.equal(
      (await service.refresh(first.refresh_token)).body.data.refresh_token,
      rotated.body.data.refresh_token,
    )
    assert.equal((await service.exchange(accessToken)).status, 200)
    assert.equal(
      (await service.request('/api/auth/me', { bearer: rotated.body.data.access_token })).status,
      200,
    )
    assert.equal((await service.refresh(ended.refreshToken)).status, 401)
    assert.equal((await service.exchange(ended.accessToken)).status, 401)

    service.clock.now -= step
    assert.equal((await service.refresh(rotated.body.data.refresh_token)).status, 200)
    assert.equal((await service.refresh(ended.refreshToken)).status, 401)
    // Reuse is still detected.
    assert.equal((await service.refresh(refreshToken)).status, 401)
  })
}

test('set back by an hour: what was superseded before stays so', async (t) => {
  for (const present of ['refresh', 'exchange'] as const) {
    const { service, refreshToken, accessToken } = await startWorld(t)
    const old = present === 'refresh' ? refreshToken : accessToken
    const next = await service[present](old)
    service.clock.now += MINUTE - 60 * MINUTE
    assert.equal((await service[present](old)).status, 401)
    const successor = next.body.data?.refresh_token ?? next.body.access_token
    assert.equal((await service[present](successor)).status, 401, 'a repetition outside its window is reuse')
  }
})

test('clocks of two processes differ by seconds: a retry at the slower one is a retry', async (t) => {
  const { service, refreshToken, accessToken } = await startWorld(t)
  const rotated = await service.refresh(refreshToken)
  const exchanged = await service.exchange(accessToken)
  service.clock.now -= 20_000
  assert.equal((await service.refresh(refreshToken)).body.data.refresh_token, rotated.body.data.refresh_token)
  assert.equal((await service.exchange(accessToken)).body.access_token, exchanged.body.access_token)
})
