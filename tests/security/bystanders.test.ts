/**
 * Attackers who hold no secret of the service and no token of their victim: a registered user, a reader of the logs, a
 * sibling subdomain. The rows of the threat model in docs/security.md.
 */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import { ADMIN_TOKEN, LIMITS, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { storedRows } from '../support/session-context.ts'
import { sidOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'
import { endpoints } from './endpoints.ts'

test('a registered user: every operation is about the own sessions, whatever id is given', async (t) => {
  const { service, accessToken, user } = await startWorld(t)
  const bob = await service.register('bob')
  const theirs = await service.login('bob')
  const before = await snapshot(service.database)
  for (const id of [sidOf(theirs.accessToken), bob.id]) {
    const end = { method: 'DELETE', bearer: accessToken }
    assert.equal((await service.request(`/api/auth/sessions/${id}`, end)).status, 404)
  }
  for (const path of [`/admin/users/${bob.id}`, `/admin/users/${bob.id}/sessions`, '/admin/events'])
    assert.equal((await service.request(path, { bearer: accessToken })).status, 401)
  assert.deepEqual(await snapshot(service.database), before)
  const me = await service.request(`/api/auth/me?id=${bob.id}`, { bearer: accessToken })
  assert.equal(me.body.data.id, user.id)
  const { body } = await service.request('/api/auth/sessions', { bearer: accessToken })
  assert.deepEqual(
    body.data.sessions.map(({ id }: { id: string }) => id),
    [sidOf(accessToken)],
  )
})

test('a registered user: what a login, a refresh and an exchange leave behind', async (t) => {
  const service = await startService(t, { sessionsPerUser: 2, limits: LIMITS })
  await service.register()
  const grants = [await service.login(), await service.login()]
  const count = async () => {
    const { sessions, revokedTokens } = await storedRows(service.core.db)
    const events = await service.core.db.selectFrom('events').select('id').execute()
    return [sessions.length, revokedTokens.length, events.length]
  }
  const [sessions = 0, exchanged = 0, events = 0] = await count()
  for (let login = 0; login < 3; login++) grants.push(await service.login())
  assert.deepEqual(await count(), [sessions + 3, exchanged, events + 6], 'a session, opened and evicted')
  const { accessToken, refreshToken } = grants.at(-1) ?? assert.fail()
  assert.equal((await service.refresh(refreshToken)).status, 200)
  assert.deepEqual(await count(), [sessions + 3, exchanged, events + 6], 'nothing')
  const { body } = await service.exchange(accessToken)
  assert.equal((await service.exchange(body.access_token)).status, 200)
  assert.deepEqual(await count(), [sessions + 3, exchanged + 2, events + 6], 'an id each')
})

test('a reader of the logs: ids and addresses, no names and devices, and no id is a credential', async (t) => {
  const { service, accessToken, refreshToken, user } = await startWorld(t)
  const headers = { 'User-Agent': 'a rare device' }
  await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD }, headers })
  for (const name of ['ada', 'somebody-else'])
    assert.equal((await service.tryLogin('not the password', name)).status, 401)
  await service.refresh(refreshToken)
  await service.exchange(accessToken)
  await service.request(`/admin/users/${user.id}`, { bearer: ADMIN_TOKEN })
  service.clock.now += MINUTE
  await service.refresh(refreshToken)
  const log = service.logged()
  // As a word, because hexadecimal ids may contain it.
  assert.doesNotMatch(log, /\bada\b/)
  for (const text of ['somebody-else', 'a rare device', PASSWORD]) assert.ok(!log.includes(text), text)
  for (const text of [user.id, sidOf(accessToken), '127.0.0.1']) assert.ok(log.includes(text), text)

  const ids = new Set(log.match(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g))
  assert.ok(ids.size > 8)
  const before = await snapshot(service.database)
  for (const id of ids) {
    for (const endpoint of endpoints) assert.equal((await endpoint.present(service, id)).status, 401, id)
    assert.equal((await service.request('/admin/events', { bearer: id })).status, 401)
  }
  assert.deepEqual(await snapshot(service.database), before)
})

test('a sibling subdomain, and a cookie without __Host-: it plants its own session or blocks refreshes, no more', async (t) => {
  const cookie = { name: 'refresh_token', secure: false, sameSite: 'Strict' } as const
  const { service, accessToken, refreshToken } = await startWorld(t, { cookie })
  await service.register('thief')
  const planted = await service.login('thief')
  const own = { 'Sec-Fetch-Site': 'same-origin' }
  const refresh = (cookies: readonly string[], headers: Readonly<Record<string, string>> = own) => {
    const pairs = cookies.map((token) => `refresh_token=${token}`)
    return service.request('/refresh_token', { method: 'POST', headers, cookie: pairs.join('; ') })
  }
  const before = await snapshot(service.database)
  // Its own page may not use the cookie, although the browser sends it: the site is the same.
  const sibling = { 'Sec-Fetch-Site': 'same-site', Origin: 'https://sibling.example.com' }
  assert.equal((await refresh([refreshToken], sibling)).status, 403)
  // Beside the cookie of the user, on either side of it
  for (const cookies of [
    [refreshToken, planted.refreshToken],
    [planted.refreshToken, refreshToken],
  ]) {
    const { status, body } = await refresh(cookies)
    assert.deepEqual([status, body.message], [400, 'Conflicting refresh tokens.'])
  }
  // No more than eight are looked at, and those with a longer path come first.
  const many = Array.from({ length: 8 }, (_, index) => `a.b.${index}`)
  const hidden = await refresh([...many, refreshToken])
  assert.deepEqual([hidden.status, hidden.body.message], [401, 'Invalid refresh token.'])
  assert.deepEqual(await snapshot(service.database), before)
  // Alone, in a browser that is logged out
  const { status, body } = await refresh([planted.refreshToken])
  assert.deepEqual([status, sidOf(body.data.access_token)], [200, sidOf(planted.accessToken)])
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).body.data.username, 'ada')
})

test('with __Host-, a cookie by any other name is not read', async (t) => {
  const cookie = { name: '__Host-refresh_token', secure: true, sameSite: 'Strict' } as const
  const { service, refreshToken } = await startWorld(t, { cookie })
  for (const name of [
    'refresh_token',
    '__Secure-refresh_token',
    '__host-refresh_token',
    '_Host-refresh_token',
  ]) {
    const answer = await service.request('/refresh_token', {
      method: 'POST',
      cookie: `${name}=${refreshToken}`,
    })
    assert.deepEqual([answer.status, answer.body.message], [401, 'Refresh token missing.'])
  }
})
