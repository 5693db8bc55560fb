/** The refresh token as an HTTP-only cookie: how it is set, replaced, kept and deleted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import { DAY, override, PASSWORD, startService } from '../support/service.ts'
import { claimsOf, cookiesOf } from '../support/tokens.ts'
import { forge, hideTables, lockDatabase } from '../support/world.ts'
import { HOST, post, startWithCookie } from './cookies.ts'

test('login: one cookie with all its attributes, and no refresh token in the body', async (t) => {
  for (const [secure, sameSite] of [
    [true, 'Strict'],
    [false, 'Strict'],
    [true, 'Lax'],
  ] as const) {
    const name = secure ? HOST : 'refresh_token'
    const service = await startService(t, { cookie: { name, secure, sameSite } })
    await service.register()
    const json = { username: 'ada', password: PASSWORD, cookie: true }
    const answer = await service.request('/api/auth/login', { json })
    assert.equal('refresh_token' in answer.body.data, false)
    const [cookie, ...others] = cookiesOf(answer)
    assert.deepEqual([cookie?.name, others.length], [name, 0])
    assert.deepEqual(cookie?.attributes, {
      'max-age': String((30 * DAY) / 1000),
      path: '/',
      httponly: '',
      samesite: sameSite,
      ...(secure && { secure: '' }),
    })
    assert.equal(claimsOf(cookie.value)['type'], 'refresh')
    // RFC 6265 §6.1: 4096 bytes at least. Issuer and audience come on top.
    assert.ok((answer.headers.getSetCookie()[0]?.length ?? Infinity) < 600)
  }
})

test('no cookie lasts longer than 400 days, however long the session does (RFC 6265bis §5.5)', async (t) => {
  const world = await startWithCookie(t, { refreshTokenTtl: 500 * DAY, sessionMaxAge: 800 * DAY })
  const maxAge = (answer: Parameters<typeof cookiesOf>[0]) => cookiesOf(answer)[0]?.attributes['max-age']
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const login = await world.service.request('/api/auth/login', { json })
  assert.deepEqual([login.status, maxAge(login)], [200, String((400 * DAY) / 1000)])
  const refreshed = await post(world, world.refreshToken)
  assert.deepEqual([refreshed.status, maxAge(refreshed)], [200, String((400 * DAY) / 1000)])
  const { exp } = claimsOf(cookiesOf(refreshed)[0]?.value ?? '')
  assert.equal(exp, Math.floor((world.service.clock.now + 500 * DAY) / 1000))
})

test('login in header mode, cookie false or left out: no cookie', async (t) => {
  const service = await startService(t)
  await service.register()
  for (const more of [{}, { cookie: false }]) {
    const json = { username: 'ada', password: PASSWORD, ...more }
    const answer = await service.request('/api/auth/login', { json })
    assert.deepEqual(cookiesOf(answer), [])
    assert.equal(typeof answer.body.data.refresh_token, 'string')
  }
})

test('refresh: the successor comes as a cookie alone, until the absolute deadline', async (t) => {
  const world = await startWithCookie(t, { sessionMaxAge: 40 * DAY })
  let token = world.refreshToken
  for (const [age, maxAge] of [
    [0, 30 * DAY],
    [20 * DAY, 20 * DAY],
    [39 * DAY, DAY],
  ] as const) {
    world.service.clock.now = Number(claimsOf(world.refreshToken)['iat']) * 1000 + 123 + age
    const answer = await post(world, token)
    assert.equal(answer.status, 200)
    assert.equal('refresh_token' in answer.body.data, false)
    const [cookie, ...others] = cookiesOf(answer)
    assert.deepEqual([cookie?.name, others.length], [HOST, 0])
    assert.deepEqual(cookie?.attributes, {
      'max-age': String(maxAge / 1000),
      path: '/',
      secure: '',
      httponly: '',
      samesite: 'Strict',
    })
    assert.notEqual(cookie.value, token)
    // A retry whose response was lost gets the identical cookie again.
    assert.deepEqual(cookiesOf(await post(world, token)), [cookie])
    token = cookie.value
  }
})

test('header mode: the successor comes in the body alone', async (t) => {
  const world = await startWithCookie(t)
  const answer = await world.service.refresh(world.refreshToken)
  assert.equal(answer.status, 200)
  assert.equal(typeof answer.body.data.refresh_token, 'string')
  assert.deepEqual(cookiesOf(answer), [])
})

test('the same token in header and cookie is cookie mode', async (t) => {
  const world = await startWithCookie(t)
  const answer = await post(world, world.refreshToken, '/refresh_token', world.refreshToken)
  assert.equal(answer.status, 200)
  assert.equal('refresh_token' in answer.body.data, false)
  assert.equal(cookiesOf(answer).length, 1)
})

test('header and a different cookie: 400, and neither is rotated', async (t) => {
  const world = await startWithCookie(t)
  const header = await world.service.login()
  const before = await snapshot(world.service.database)
  const answer = await post(world, world.refreshToken, '/refresh_token', header.refreshToken)
  const body = { status: 'error', code: 400, message: 'Conflicting refresh tokens.' }
  assert.deepEqual([answer.status, answer.body, cookiesOf(answer)], [400, body, []])
  assert.deepEqual(await snapshot(world.service.database), before)
  assert.equal((await post(world, world.refreshToken)).status, 200)
  assert.equal((await world.service.refresh(header.refreshToken)).status, 200)
})

test('an emptied cookie is none, and a cookie of another name is not read', async (t) => {
  const world = await startWithCookie(t)
  const missing = { status: 'error', code: 401, message: 'Refresh token missing.' }
  assert.deepEqual((await post(world, '')).body, missing)
  const cookie = `refresh_token=${world.refreshToken}; x${HOST}=${world.refreshToken}`
  const answer = await world.service.request('/refresh_token', { method: 'POST', cookie })
  assert.deepEqual(answer.body, missing)
  // Beside an empty cookie the header counts.
  assert.equal((await post(world, '', '/refresh_token', world.refreshToken)).status, 200)
})

test('a failed refresh never clears the cookie, nor does a 5xx', async (t) => {
  const world = await startWithCookie(t)
  const { service, accessToken, refreshToken } = world
  const fail = async (status: number, value: string) => {
    const answer = await post(world, value)
    assert.deepEqual([answer.status, cookiesOf(answer)], [status, []], answer.text)
  }
  await fail(401, forge(refreshToken))
  await fail(401, accessToken)
  const unlock = await lockDatabase({ t, service })
  await fail(503, refreshToken)
  await unlock()
  const putBack = await hideTables({ service })
  await fail(500, refreshToken)
  await putBack()
  // The cookie that was not deleted is still valid.
  const [successor] = cookiesOf(await post(world, refreshToken))
  assert.ok(successor !== undefined)
  override(service.core, { settings: { ...service.core.settings, lateRetry: 0 } })
  service.clock.now += 31_000
  await fail(401, refreshToken)
  await fail(401, successor.value)
  service.clock.now += 31 * DAY
  await fail(401, successor.value)
})

test('logout clears the cookie, also when the session was over', async (t) => {
  const world = await startWithCookie(t)
  for (const round of ['alive', 'over']) {
    const answer = await post(world, world.refreshToken, '/api/auth/logout')
    assert.equal(answer.status, 200, round)
    const [cookie, ...others] = cookiesOf(answer)
    assert.deepEqual([cookie?.name, cookie?.value, others.length], [HOST, '', 0])
    const { attributes = {} } = cookie ?? {}
    assert.equal(attributes['max-age'], '0')
    // A browser deletes a cookie only if the path fits, and a `__Host-` cookie only if it is `Secure`.
    assert.equal(attributes['path'], '/')
    assert.ok('secure' in attributes)
  }
  assert.equal((await post(world, world.refreshToken)).status, 401)
})

test('logout by header: no cookie is touched when none came', async (t) => {
  const world = await startWithCookie(t)
  const request = { method: 'POST', bearer: world.refreshToken }
  assert.deepEqual(cookiesOf(await world.service.request('/api/auth/logout', request)), [])
})

test('logout that fails for the service leaves the cookie for another try', async (t) => {
  const world = await startWithCookie(t)
  const putBack = await hideTables(world)
  const answer = await post(world, world.refreshToken, '/api/auth/logout')
  assert.deepEqual([answer.status, cookiesOf(answer)], [500, []])
  await putBack()
  assert.equal((await post(world, world.refreshToken, '/api/auth/logout')).status, 200)
})

test('logout of all clears the cookie', async (t) => {
  const world = await startWithCookie(t)
  const answer = await post(world, world.refreshToken, '/api/auth/logout_all', world.accessToken)
  assert.deepEqual([answer.status, cookiesOf(answer)[0]?.attributes['max-age']], [200, '0'])
})

test('rotation off: a refresh by cookie sets no new one and puts none into the body', async (t) => {
  const world = await startWithCookie(t, { rotation: false })
  for (let count = 0; count < 2; count++) {
    const answer = await post(world, world.refreshToken)
    assert.deepEqual([answer.status, cookiesOf(answer)], [200, []])
    assert.equal('refresh_token' in answer.body.data, false)
  }
})
