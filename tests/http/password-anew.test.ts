/** A password change starts its session anew: `docs/adr/0034-a-session-starts-anew.md`. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service, Tokens } from '../support/service.ts'
import { MINUTE, NO_LIMITS, override, PASSWORD } from '../support/service.ts'
import { cookiesOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'

const NEXT = 'another one entirely'
const THIRD = 'a third one altogether'

const change = (service: Service, bearer: string, next = NEXT, current = PASSWORD) =>
  service.request('/api/auth/password', { bearer, json: { current_password: current, new_password: next } })

const me = async (service: Service, bearer: string) =>
  (await service.request('/api/auth/me', { bearer })).status

test('nothing minted before can be exchanged, refreshed or used; the tokens of the answer can', async (t) => {
  const { service, ...first } = await startWorld(t)
  const access = [first.accessToken]
  let { refreshToken } = first
  for (let count = 0; count < 8; count++) {
    const { data } = (await service.refresh(refreshToken)).body
    access.push(data.access_token)
    refreshToken = data.refresh_token
  }
  const chain = (await service.exchange(access[1] ?? '')).body.access_token
  const { body } = await change(service, access[2] ?? '')
  for (const token of [...access, chain]) {
    assert.equal((await service.exchange(token)).body.message, 'Invalid access token.')
    assert.equal(await me(service, token), 401)
  }
  assert.equal((await service.refresh(refreshToken)).body.message, 'Invalid refresh token.')
  service.clock.now += MINUTE
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.equal((await service.exchange(access[1] ?? '')).status, 401)
  // No reuse: the session goes on for its new tokens.
  assert.equal(await me(service, body.data.access_token), 200)
  const next = await service.refresh(body.data.refresh_token)
  assert.equal(next.status, 200)
  assert.equal((await service.exchange(next.body.data.access_token)).status, 200)
  assert.doesNotMatch(service.logged(), /reuse_detected/)
})

test('in cookie mode the answer has a new cookie, and no refresh token', async (t) => {
  const { service } = await startWorld(t)
  const login = await service.request('/api/auth/login', {
    json: { username: 'ada', password: PASSWORD, cookie: true },
  })
  const answer = await change(service, login.body.data.access_token)
  assert.equal(answer.body.data.refresh_token, undefined)
  const old = cookiesOf(login)[0]?.value ?? ''
  const cookie = cookiesOf(answer)[0]?.value ?? ''
  const refresh = (token: string) =>
    service.request('/refresh_token', { method: 'POST', cookie: `refresh_token=${token}` })
  assert.equal((await refresh(old)).status, 401)
  assert.equal((await refresh(cookie)).status, 200)
})

test('the cookie of another session, after a login in another tab, stays', async (t) => {
  const { service } = await startWorld(t)
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const mine = await service.request('/api/auth/login', { json })
  await service.register('bob')
  const bobs = await service.request('/api/auth/login', { json: { ...json, username: 'bob' } })
  const cookie = `refresh_token=${cookiesOf(bobs)[0]?.value}`
  const answer = await service.request('/api/auth/password', {
    bearer: mine.body.data.access_token,
    cookie,
    json: { current_password: PASSWORD, new_password: NEXT },
  })
  assert.deepEqual([answer.status, answer.body.data.refresh_token, cookiesOf(answer)], [200, undefined, []])
  assert.equal((await service.request('/refresh_token', { method: 'POST', cookie })).status, 200)
})

test('without rotation too', async (t) => {
  const { service, refreshToken, accessToken } = await startWorld(t, { rotation: false })
  const { data } = (await change(service, accessToken)).body
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.equal((await service.refresh(data.refresh_token)).status, 200)
})

test('the same change again, within the grace: 200, the same refresh token, and no guess', async (t) => {
  const limit = { points: 2, seconds: 60 }
  const { service, accessToken } = await startWorld(t, { limits: { ...NO_LIMITS, loginAccount: limit } })
  const other = await service.login()
  const { data } = (await change(service, accessToken)).body
  assert.equal(data.sessions_ended, 1)
  const sessions = () => service.core.db.selectFrom('sessions').selectAll().orderBy('id').execute()
  const before = await sessions()
  for (const wait of [0, 15_000, 15_000]) {
    service.clock.now += wait
    const again = await change(service, accessToken)
    assert.equal(again.status, 200)
    assert.equal(again.body.data.sessions_ended, 0)
    assert.equal(again.body.data.refresh_token, data.refresh_token)
    assert.equal(await me(service, again.body.data.access_token), 200)
  }
  assert.deepEqual(await sessions(), before)
  service.clock.now += 1
  assert.equal((await change(service, accessToken)).status, 401)
  assert.equal((await service.refresh(other.refreshToken)).status, 401)
  assert.equal((await service.refresh(data.refresh_token)).status, 200)
})

const refusals: Readonly<Record<string, (service: Service, tokens: Tokens) => Promise<{ status: number }>>> =
  {
    'another new password': (service, { accessToken }) => change(service, accessToken, THIRD),
    'another current password': (service, { accessToken }) => change(service, accessToken, NEXT, THIRD),
    'the new password as the current one': (service, { accessToken }) =>
      change(service, accessToken, THIRD, NEXT),
  }
for (const [what, again] of Object.entries(refusals)) {
  test(`${what}: no repetition, and it counts as a guess`, async (t) => {
    const limit = { points: 5, seconds: 60 }
    const { service, accessToken, refreshToken } = await startWorld(t, {
      limits: { ...NO_LIMITS, loginAccount: limit },
    })
    const { data } = (await change(service, accessToken)).body
    await service.core.db.deleteFrom('rate_limits').execute()
    assert.equal((await again(service, { accessToken, refreshToken })).status, 401)
    const counters = await service.core.db.selectFrom('rate_limits').select('points').execute()
    assert.deepEqual(counters, [{ points: 1 }])
    assert.equal((await service.refresh(data.refresh_token)).status, 200)
    assert.equal((await service.tryLogin(NEXT)).status, 200)
  })
}

test('strict: no repetition', async (t) => {
  const { service, accessToken } = await startWorld(t, { grace: 0 })
  assert.equal((await change(service, accessToken)).status, 200)
  assert.equal((await change(service, accessToken)).status, 401)
})

test('a repetition after the end of the session: refused', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { data } = (await change(service, accessToken)).body
  await service.request('/api/auth/logout', { method: 'POST', bearer: data.refresh_token })
  assert.equal((await change(service, accessToken)).status, 401)
})

test('a repetition of an earlier change: refused', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { data } = (await change(service, accessToken)).body
  assert.equal((await change(service, data.access_token, THIRD, NEXT)).status, 200)
  assert.equal((await change(service, accessToken)).status, 401)
})

test('the same change twice at once: both get 200 and the same refresh token', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { passwords } = service.core
  let faster: ReturnType<typeof change> | undefined
  const hash = async (password: string) => {
    override(service.core, { passwords })
    faster = change(service, accessToken)
    await faster
    return passwords.hash(password)
  }
  override(service.core, { passwords: { ...passwords, hash } })
  const slower = await change(service, accessToken)
  assert.equal(slower.status, 200)
  assert.equal(slower.body.data.refresh_token, (await faster)?.body.data.refresh_token)
})

test('the replaced hash is not kept beyond the grace', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { pruneAll } = await import('../../src/sessions/prune.ts')
  const replaced = async () =>
    (await service.core.db.selectFrom('users').select('replaced_hash').executeTakeFirstOrThrow())
      .replaced_hash
  await change(service, accessToken)
  service.clock.now += 30_000
  await pruneAll(service.core)
  assert.notEqual(await replaced(), null)
  service.clock.now += 60_001
  await pruneAll(service.core)
  assert.equal(await replaced(), null)
})
