/** The feed, introspection and revocation over HTTP. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { asForm } from '../../src/conform/provocations/good.ts'
import { insertEnded } from '../../src/store/queries/feed.ts'
import { test } from '../support/database.ts'
import {
  ADMIN_TOKEN,
  INTROSPECTION_TOKEN,
  override,
  REVOCATIONS_TOKEN,
  startService,
} from '../support/service.ts'
import { limit } from '../support/world.ts'

const bearer = REVOCATIONS_TOKEN

testOnce('the feed takes its own token only, and introspection its own', async (t) => {
  const { request, register, login } = await startService(t)
  await register()
  const { accessToken } = await login()
  for (const wrong of [ADMIN_TOKEN, INTROSPECTION_TOKEN, accessToken, `${REVOCATIONS_TOKEN}x`])
    assert.equal((await request('/revocations', { bearer: wrong })).status, 401)
  for (const wrong of [ADMIN_TOKEN, REVOCATIONS_TOKEN, accessToken])
    assert.equal(
      (await request('/introspect', { bearer: wrong, ...asForm({ token: accessToken }) })).status,
      401,
    )
  assert.equal((await request('/admin/users', { bearer: REVOCATIONS_TOKEN })).status, 401)
})

testOnce('what is off is not in the served contract', async (t) => {
  const { request, core } = await startService(t)
  assert.ok('/revocations' in (await request('/openapi.json')).body.paths)
  const other = await startService(t)
  override(other.core, { revocationsToken: undefined, introspectionToken: undefined, feed: undefined })
  const { paths, tags, components } = (await other.request('/openapi.json')).body
  assert.equal('/revocations' in paths || '/introspect' in paths, false)
  assert.ok(!tags.some(({ name }: { name: string }) => name === 'verification'))
  assert.ok(!('revocationsToken' in components.securitySchemes))
  assert.ok('adminToken' in components.securitySchemes)
  assert.ok(core.feed !== undefined)
})

test('a waiting request is answered by the logout', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const { body } = await service.request('/revocations', { bearer })
  const waiting = service.request(`/revocations?cursor=${body.data.cursor}&wait=20`, { bearer })
  while (service.core.feed?.followers !== 1) await new Promise(setImmediate)
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  const { revocations, snapshot } = (await waiting).body.data
  assert.deepEqual([revocations.length, snapshot], [1, false])
  assert.equal(revocations[0].exp, Math.ceil((service.clock.now + 31 * 60_000) / 1000))
})

testOnce('ETag, 304, and gzip unless it is small', async (t) => {
  const { url, core, clock } = await startService(t)
  const get = (more: object = {}) =>
    fetch(`${url}/revocations`, {
      headers: { Authorization: `Bearer ${bearer}`, 'Accept-Encoding': 'gzip', ...more },
    })
  assert.equal((await get()).headers.get('Content-Encoding'), null)
  const many = Array.from({ length: 100 }, (_, index) => ({ jti: `token ${index}`, heldUntil: 0 }))
  await insertEnded(core.db, many, clock.now)
  const answer = await get()
  assert.equal(answer.headers.get('Content-Encoding'), 'gzip')
  const { data } = (await answer.json()) as { data: { revocations: unknown[] } }
  assert.equal(data.revocations.length, 100)
  const known = { 'If-None-Match': answer.headers.get('ETag') ?? '' }
  assert.equal((await get(known)).status, 304)
  await insertEnded(core.db, many, clock.now)
  assert.equal((await get(known)).status, 200)
})

testOnce('made-up cursors get a snapshot or a 400', async (t) => {
  const { request } = await startService(t)
  for (const [cursor, status] of [
    ['7.abcdefghij', 200],
    ['999999999999999.abcdefghij', 200],
    ['-1.abcdefghij', 400],
    ['7', 400],
    ['', 400],
  ] as const) {
    const answer = await request(`/revocations?cursor=${cursor}&wait=20`, { bearer })
    assert.equal(answer.status, status, cursor)
    if (status === 200) assert.equal(answer.body.data.snapshot, true)
  }
})

test('introspection: active until the session ends, and nothing about what is not active', async (t) => {
  const service = await startService(t)
  const user = await service.register()
  const { accessToken, refreshToken } = await service.login()
  const ask = async (token: string) =>
    (await service.request('/introspect', { bearer: INTROSPECTION_TOKEN, ...asForm({ token }) })).body
  const { sub, username, active } = await ask(accessToken)
  assert.deepEqual([sub, username, active], [user.id, 'ada', true])
  for (const token of [refreshToken, `${accessToken}x`, 'nonsense'])
    assert.deepEqual(await ask(token), { active: false })
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.deepEqual(await ask(accessToken), { active: false })
})

testOnce('forged tokens are counted by address, and a valid one always passes', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  limit({ service } as Parameters<typeof limit>[0])
  const ask = (token: string) =>
    service.request('/introspect', { bearer: INTROSPECTION_TOKEN, ...asForm({ token }) })
  assert.equal((await ask('forged')).status, 200)
  assert.equal((await ask('forged')).status, 429)
  assert.equal((await ask(accessToken)).status, 200)
})

test('revocation: any authentic token ends its session, and the answer is the same for others', async (t) => {
  const service = await startService(t)
  await service.register()
  const [one, two] = [await service.login(), await service.login()]
  for (const token of [one.refreshToken, two.accessToken, 'nonsense', one.refreshToken]) {
    const { status, text } = await service.request(
      '/revoke',
      asForm({ token, token_type_hint: 'refresh_token' }),
    )
    assert.deepEqual([status, text], [200, ''])
  }
  for (const { refreshToken } of [one, two]) assert.equal((await service.refresh(refreshToken)).status, 401)
})

testOnce('a parameter that comes twice is refused', async (t) => {
  const { request } = await startService(t)
  const answer = await request('/revoke', { ...asForm({}), body: 'token=a&token=b' })
  assert.equal(answer.status, 400)
})

testOnce('polls are not in the log, refusals are', async (t) => {
  const service = await startService(t)
  await service.request('/revocations', { bearer })
  assert.doesNotMatch(service.logged(), /"route":"\/revocations"/)
  await service.request('/revocations', { bearer: 'wrong' })
  assert.match(service.logged(), /"route":"\/revocations"/)
  assert.doesNotMatch(service.logged(), new RegExp(REVOCATIONS_TOKEN))
})
