/** Settings that change the responses of operations. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import { DAY, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { claimsOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'
import { startSecond } from './second.ts'

const credentials = { username: 'ada', password: PASSWORD }

test('registration closed: 403 for every name, taken or not; those who are there log in', async (t) => {
  const open = await startService(t)
  await open.register()
  const closed = await startSecond(t, open, undefined, { registration: 'closed' })
  const before = await snapshot(open.database)
  for (const username of ['grace', 'ada']) {
    const answer = await closed.request('/api/auth/register', { json: { username, password: PASSWORD } })
    assert.deepEqual(answer.body, { status: 'error', code: 403, message: 'Registration is closed.' })
  }
  assert.deepEqual(await snapshot(open.database), before)
  assert.equal((await closed.request('/api/auth/login', { json: credentials })).status, 200)
})

test('rotation off: the refresh token stays good for all who hold it, replay and race included', async (t) => {
  const { service, refreshToken } = await startWorld(t, { rotation: false })
  const answers = await Promise.all(Array.from({ length: 20 }, () => service.refresh(refreshToken)))
  for (const { status, body } of answers) {
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(body.data), ['message', 'access_token', 'token_type', 'expires_in'])
  }
  service.clock.now += 29 * DAY
  assert.equal((await service.refresh(refreshToken)).status, 200)
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.equal((await service.refresh(refreshToken)).status, 401)
})

test('rotation switched on later: the token that never rotated is the current one', async (t) => {
  const { service, refreshToken } = await startWorld(t, { rotation: false })
  await service.refresh(refreshToken)
  const rotating = await startSecond(t, service, undefined, { rotation: true })
  const { body } = await rotating.refresh(refreshToken)
  assert.equal(claimsOf(body.data.refresh_token)['generation'], 1)
})

test('exchange window 0: off, for good tokens and bad ones alike, and nothing is looked at', async (t) => {
  const { service, accessToken } = await startWorld(t, { exchangeWindow: 0 })
  const before = await snapshot(service.database)
  for (const wait of [0, 29 * MINUTE, 2 * MINUTE]) {
    service.clock.now += wait
    for (const token of [accessToken, 'garbage', `${accessToken}=`]) {
      const answer = await service.exchange(token)
      assert.deepEqual(answer.body, { status: 'error', code: 403, message: 'Exchange is disabled.' })
    }
  }
  assert.deepEqual(await snapshot(service.database), before)
  // A body that does not fit still gets 400.
  assert.equal((await service.request('/api/auth/refresh', { json: {} })).status, 400)
})

test('lifetimes: what `expires_in` says is what the token says, in whole seconds', async (t) => {
  const { service } = await startWorld(t, { accessTokenTtl: 5 * MINUTE, refreshTokenTtl: 2 * DAY })
  const login = await service.request('/api/auth/login', { json: credentials })
  const { access_token, refresh_token, expires_in } = login.body.data
  const now = Math.floor(service.clock.now / 1000)
  assert.equal(expires_in, 300)
  assert.deepEqual([claimsOf(access_token)['iat'], claimsOf(access_token)['exp']], [now, now + 300])
  assert.equal(claimsOf(refresh_token)['exp'], now + 2 * 86_400)
  service.clock.now += 5 * MINUTE - 1000
  assert.equal((await service.request('/api/auth/me', { bearer: access_token })).status, 200)
  service.clock.now += 1000
  const me = await service.request('/api/auth/me', { bearer: access_token })
  assert.equal(me.body.message, 'Access token has expired.')
})

test('a session never outlives its absolute deadline, however short', async (t) => {
  const { service } = await startWorld(t, { sessionMaxAge: MINUTE })
  const login = await service.request('/api/auth/login', { json: credentials })
  assert.equal(login.body.data.expires_in, 60)
  const { access_token, refresh_token } = login.body.data
  for (const token of [access_token, refresh_token]) {
    const { iat, exp } = claimsOf(token)
    assert.equal(Number(exp) - Number(iat), 60)
  }
  service.clock.now += MINUTE
  assert.equal((await service.refresh(refresh_token)).body.message, 'Refresh token has expired.')
  assert.equal((await service.exchange(access_token)).body.message, 'Access token has expired.')
})
