/** Claims of users and sessions: in which tokens they are, which are refused, and what a change means for earlier tokens. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { asForm } from '../../src/conform/provocations/good.ts'
import { RESERVED } from '../../src/tokens/own-claims.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { snapshot, test } from '../support/database.ts'
import type { Request, Service } from '../support/service.ts'
import {
  ADMIN_TOKEN,
  INTROSPECTION_TOKEN,
  MINUTE,
  PASSWORD,
  REVOCATIONS_TOKEN,
  realClock,
  SECRET,
  startService,
} from '../support/service.ts'
import { until } from '../support/until.ts'
import { startSecond } from './second.ts'

type Claims = Readonly<Record<string, unknown>>

const admin = (service: Service, path: string, more: Request = {}) =>
  service.request(`/admin/users${path}`, { bearer: ADMIN_TOKEN, ...more })

const set = (service: Service, id: string, claims: Claims, refresh_now?: boolean) =>
  admin(service, `/${id}/claims`, {
    method: 'PUT',
    json: { claims, ...(refresh_now !== undefined && { refresh_now }) },
  })

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

/** Those of the application in a token */
function ownOf(token: string): Claims {
  const all = Object.entries(claimsOf(token))
  return Object.fromEntries(all.filter(([name]) => !RESERVED.has(name)))
}

const me = async (service: Service, bearer: string) => {
  const { status, body } = await service.request('/api/auth/me', { bearer })
  return status === 200 ? 'accepted' : body.message
}

async function start(...parameters: Parameters<typeof startService>) {
  const service = await startService(...parameters)
  const { id } = await service.register()
  return { service, id }
}

const EDITOR = {
  roles: ['editor'],
  'https://hasura.io/jwt/claims': { 'x-hasura-user-id': '7', ok: true, n: 1.5 },
}

test('the claims of a user are in each access token: login, refresh, repetition, exchange, password change', async (t) => {
  const { service, id } = await start(t)
  const before = await service.login()
  const answer = await set(service, id, EDITOR)
  assert.deepEqual([answer.status, answer.body.data.claims], [200, EDITOR])
  const { accessToken, refreshToken } = await service.login()
  assert.deepEqual(ownOf(accessToken), EDITOR)
  // Nothing else is different.
  const { roles: _, 'https://hasura.io/jwt/claims': __, ...rest } = claimsOf(accessToken)
  assert.deepEqual(Object.keys(rest), Object.keys(claimsOf(before.accessToken)))
  assert.equal(await me(service, before.accessToken), 'accepted', 'no refresh was demanded')
  const [first, again] = [await service.refresh(refreshToken), await service.refresh(refreshToken)]
  for (const { body } of [first, again]) assert.deepEqual(ownOf(body.data.access_token), EDITOR)
  assert.equal(first.body.data.refresh_token, again.body.data.refresh_token)
  assert.deepEqual(ownOf(first.body.data.refresh_token), {}, 'a refresh token carries none')
  const exchanged = [await service.exchange(accessToken), await service.exchange(accessToken)]
  assert.equal(exchanged[0]?.body.access_token, exchanged[1]?.body.access_token)
  assert.deepEqual(ownOf(exchanged[0]?.body.access_token), EDITOR)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const change = await service.request('/api/auth/password', { bearer: first.body.data.access_token, json })
  assert.deepEqual(ownOf(change.body.data.access_token), EDITOR)
})

test('without rotation, and in several refreshes at once', async (t) => {
  const { service, id } = await start(t, { rotation: false })
  const { refreshToken } = await service.login()
  await set(service, id, EDITOR)
  const answers = await Promise.all(Array.from({ length: 12 }, () => service.refresh(refreshToken)))
  for (const { body } of answers) assert.deepEqual(ownOf(body.data.access_token), EDITOR)
})

test('many sessions at once: each gets the claims of its user and its own', async (t) => {
  const service = await startService(t)
  const open = async (index: number) => {
    const { id } = await service.register(`user-${index}`)
    await set(service, id, { of: id })
    const { body } = await admin(service, `/${id}/sessions`, { json: { claims: { index } } })
    return { id, index, token: body.data.refresh_token }
  }
  const sessions = []
  for (let index = 0; index < 12; index++) sessions.push(await open(index))
  const answers = await Promise.all(sessions.map(({ token }) => service.refresh(token)))
  for (const [at, { body }] of answers.entries())
    assert.deepEqual(ownOf(body.data.access_token), { of: sessions[at]?.id, index: at })
  const exchanges = await Promise.all(answers.map(({ body }) => service.exchange(body.data.access_token)))
  for (const [at, { body }] of exchanges.entries())
    assert.deepEqual(ownOf(body.access_token), { of: sessions[at]?.id, index: at })
})

test('claims of a session come with its opening, stay, and precede those of the user', async (t) => {
  const { service, id } = await start(t)
  await set(service, id, { role: 'reader', plan: 'free' })
  const key = { 'Idempotency-Key': 'one' }
  const open = (claims: Claims, headers = {}) =>
    admin(service, `/${id}/sessions`, { json: { claims }, headers })
  const { body } = await open({ role: 'support', amr: ['pwd', 'otp'] }, key)
  const expected = { role: 'support', plan: 'free', amr: ['pwd', 'otp'] }
  assert.deepEqual(ownOf(body.data.access_token), expected)
  assert.deepEqual(ownOf((await service.login()).accessToken), { role: 'reader', plan: 'free' })
  await set(service, id, { plan: 'paid' })
  const refreshed = await service.refresh(body.data.refresh_token)
  assert.deepEqual(ownOf(refreshed.body.data.access_token), { ...expected, plan: 'paid' })
  const again = await open({ role: 'support', amr: ['pwd', 'otp'] }, key)
  assert.equal(again.body.data.session_id, body.data.session_id)
  const other = await open({ role: 'other' }, key)
  assert.notEqual(other.body.data.session_id, body.data.session_id, 'other claims are another request')
})

test('created with claims, replaced as a whole, and removed', async (t) => {
  const service = await startService(t)
  const created = await admin(service, '', { json: { username: 'ada', password: PASSWORD, claims: EDITOR } })
  const { id, claims } = created.body.data
  assert.deepEqual(claims, EDITOR)
  assert.deepEqual(ownOf((await service.login()).accessToken), EDITOR)
  await set(service, id, { plan: 'free' })
  assert.deepEqual((await admin(service, `/${id}`)).body.data.claims, { plan: 'free' })
  assert.deepEqual((await admin(service, '?limit=1')).body.data.users[0].claims, { plan: 'free' })
  await set(service, id, {})
  assert.deepEqual(ownOf((await service.login()).accessToken), {})
  const [row] = await service.core.db.selectFrom('users').select('claims').execute()
  assert.equal(row?.claims, null)
})

test('the same again writes nothing; each change is one event, which has no claims in it', async (t) => {
  const { service, id } = await start(t)
  await set(service, id, EDITOR)
  const before = await snapshot(service.database)
  assert.equal((await set(service, id, EDITOR, false)).status, 200)
  assert.deepEqual(await snapshot(service.database), before)
  await set(service, id, {})
  const { body } = await service.request(`/admin/events?user_id=${id}&type=user.claims_changed`, {
    bearer: ADMIN_TOKEN,
  })
  assert.equal(body.data.events.length, 2)
  assert.ok(!JSON.stringify(body.data.events).includes('editor'))
  assert.ok(!service.logged().includes('x-hasura-user-id'))
  assert.equal((await set(service, '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21', {})).status, 404)
})

testOnce('what is refused, by user, session and new user, changes nothing', async (t) => {
  const { service, id } = await start(t)
  await set(service, id, EDITOR)
  const before = await snapshot(service.database)
  const refused: readonly (readonly [claims: object, path: string, reason: string])[] = [
    ...[...RESERVED].map((name) => [{ ok: 1, [name]: 'x' }, `claims.${name}`, 'reserved'] as const),
    [{ text: 'x'.repeat(1014) }, 'claims', 'too_long'],
    [{ [`n${'x'.repeat(1017)}`]: '' }, 'claims', 'too_long'],
    [{ id: 2 ** 53 }, 'claims.id', 'malformed'],
    [{ deep: [{ id: -(2 ** 53) }] }, 'claims.deep', 'malformed'],
    [{ text: 'a\0b' }, 'claims.text', 'malformed'],
    [{ text: '\ud800' }, 'claims.text', 'malformed'],
    [{ deep: { '\udc00': 1 } }, 'claims.deep', 'malformed'],
    [{ deep: JSON.parse('{"__proto__": {"isAdmin": true}}') }, 'claims.deep', 'malformed'],
  ]
  for (const [claims, path, reason] of refused) {
    for (const answer of [
      await set(service, id, claims as Claims),
      await admin(service, `/${id}/sessions`, { json: { claims } }),
      await admin(service, '', { json: { username: 'grace', claims } }),
    ]) {
      assert.equal(answer.status, 400, JSON.stringify(claims))
      assert.deepEqual(
        answer.body.errors.map((error: { path: string; reason: string }) => [error.path, error.reason]),
        [[path, reason]],
      )
    }
  }
  for (const claims of [null, [], 'x', 1, true])
    assert.equal((await set(service, id, claims as unknown as Claims)).body.errors[0].reason, 'wrong_type')
  assert.deepEqual(await snapshot(service.database), before)
  // The most that fits, for a user and a session
  const most = { text: 'x'.repeat(1013) }
  assert.equal(Buffer.byteLength(JSON.stringify(most)), 1024)
  assert.equal((await set(service, id, most)).status, 200)
  const { body } = await admin(service, `/${id}/sessions`, { json: { claims: { more: 'x'.repeat(1013) } } })
  assert.ok(body.data.access_token.length < 4096)
  assert.equal(await me(service, body.data.access_token), 'accepted')
})

test('names and values that an object treats in its own way come out as they went in', async (t) => {
  const { service, id } = await start(t)
  const claims = {
    9: 'nine',
    b: 1,
    a: null,
    '': 'empty',
    constructor: 'x',
    toString: [],
    x: -0.5,
    y: [[], {}, [null]],
  }
  assert.equal((await set(service, id, claims)).status, 200)
  const { accessToken } = await service.login()
  assert.deepEqual(ownOf(accessToken), claims)
  assert.equal(await me(service, accessToken), 'accepted', 'its JSON is canonical')
})

test('a demanded refresh: tokens from before are refused here, and the session goes on', async (t) => {
  const { service, id } = await start(t)
  const other = await startSecond(t, service)
  const { accessToken, refreshToken } = await service.login()
  const second = await service.login()
  const { body: exchangeable } = await service.tryLogin()
  await service.register('grace')
  const grace = await service.login('grace')
  await set(service, id, { roles: ['reader'] }, true)
  for (const one of [service, other])
    assert.equal(await me(one as Service, accessToken), 'Access token has expired.')
  assert.equal(await me(service, grace.accessToken), 'accepted')
  const introspect = async (token: string) =>
    (await service.request('/introspect', { bearer: INTROSPECTION_TOKEN, ...asForm({ token }) })).body
  assert.deepEqual(await introspect(accessToken), { active: false })
  const next = await service.refresh(refreshToken)
  // Its answer was lost.
  const again = await service.refresh(refreshToken)
  for (const { body } of [next, again]) {
    assert.equal(await me(service, body.data.access_token), 'accepted')
    assert.deepEqual(ownOf(body.data.access_token), { roles: ['reader'] })
  }
  const { active, roles, sub } = await introspect(next.body.data.access_token)
  assert.deepEqual([active, roles, sub], [true, ['reader'], id])
  const exchanged = await service.exchange(exchangeable.data.access_token)
  assert.equal(await me(service, exchanged.body.access_token), 'accepted')
  // Logging out is always possible.
  const logout = await service.request('/api/auth/logout', { method: 'POST', bearer: second.accessToken })
  assert.equal(logout.status, 200)
  // Twice, also with the same claims, is two demands.
  await set(service, id, { roles: ['reader'] }, true)
  assert.equal(await me(service, next.body.data.access_token), 'Access token has expired.')
  // Later changes demand none, and do not forget the earlier ones.
  const third = await service.refresh(next.body.data.refresh_token)
  await set(service, id, {})
  assert.equal(await me(service, third.body.data.access_token), 'accepted')
  assert.equal(await me(service, next.body.data.access_token), 'Access token has expired.')
  assert.deepEqual((await admin(service, `/${id}`)).body.data.claims, {})
})

test('refreshes and changes at the same time: what is begun after the answer has the claims', async (t) => {
  const { service, id } = await start(t)
  const second = await startSecond(t, service)
  let tokens = await Promise.all(Array.from({ length: 4 }, () => service.login()))
  for (let version = 1; version <= 6; version++) {
    let isAnswered = false
    const change = set(service, id, { version }, version % 2 === 0).then(() => {
      isAnswered = true
    })
    const refreshes = tokens.map(async ({ refreshToken }, index) => {
      let token = refreshToken
      let body: { data: { access_token: string; refresh_token: string } }
      let wasAnswered: boolean
      do {
        wasAnswered = isAnswered
        ;({ body } = await (index % 2 === 0 ? service : second).refresh(token))
        const { version: has = 0 } = ownOf(body.data.access_token)
        assert.ok(wasAnswered ? has === version : [version - 1, version].includes(Number(has)))
        token = body.data.refresh_token
      } while (!wasAnswered)
      return { accessToken: body.data.access_token, refreshToken: body.data.refresh_token }
    })
    await change
    tokens = await Promise.all(refreshes)
    for (const { accessToken } of tokens) assert.equal(await me(service, accessToken), 'accepted')
  }
})

test('changes at the same time: one of them holds as a whole, and each demand is one', async (t) => {
  const { service, id } = await start(t)
  const { refreshToken } = await service.login()
  const all = Array.from({ length: 6 }, (_, index) => ({ [`a${index}`]: index, [`b${index}`]: index }))
  await Promise.all(all.map((claims) => set(service, id, claims, true)))
  const { claims } = (await admin(service, `/${id}`)).body.data
  assert.ok(all.some((one) => JSON.stringify(one) === JSON.stringify(claims)))
  const { body } = await service.refresh(refreshToken)
  assert.equal(claimsOf(body.data.access_token)['claims_version'], 6)
  assert.deepEqual(ownOf(body.data.access_token), claims)
})

test('an API that follows the feed: claims pass through, and a demand reaches it', async (t) => {
  const { service, id } = await start(t, {}, realClock)
  const verifier = createVerifier({
    keys: { secret: SECRET.toString() },
    revocations: { url: `${service.url}/revocations`, token: REVOCATIONS_TOKEN },
  })
  t.after(() => verifier.close())
  const reasonOf = (token: string) =>
    verifier.verify(token).then(
      () => 'accepted',
      ({ reason }: { reason: string }) => reason,
    )
  await set(service, id, EDITOR)
  const { accessToken, refreshToken } = await service.login()
  const { roles } = await verifier.verify(accessToken)
  assert.deepEqual(roles, EDITOR.roles)
  await service.register('grace')
  const grace = await service.login('grace')
  let token = accessToken
  let refresh = refreshToken
  for (const roles of [['reader'], ['writer']]) {
    await set(service, id, { roles }, true)
    await until(async () => (await reasonOf(token)) === 'ended', 'the verifier')
    assert.equal(await reasonOf(grace.accessToken), 'accepted')
    const { body } = await service.refresh(refresh)
    ;({ access_token: token, refresh_token: refresh } = body.data)
    assert.deepEqual((await verifier.verify(token))['roles'], roles)
  }
  // A verifier that starts later knows it from the snapshot.
  const { body } = await service.request('/revocations', { bearer: REVOCATIONS_TOKEN })
  assert.deepEqual(
    body.data.revocations.map(({ exp: _, ...entry }: { exp: number }) => entry),
    [
      { sub: id, claims_version: 1 },
      { sub: id, claims_version: 2 },
    ],
  )
})

test('a replay of an exchange after a change has the new claims', async (t) => {
  const { service, id } = await start(t)
  const { accessToken } = await service.login()
  const first = await service.exchange(accessToken)
  await set(service, id, { plan: 'paid' }, true)
  const again = await service.exchange(accessToken)
  assert.equal(claimsOf(first.body.access_token).jti, claimsOf(again.body.access_token).jti)
  assert.deepEqual(ownOf(again.body.access_token), { plan: 'paid' })
  assert.equal(await me(service, again.body.access_token), 'accepted')
  assert.equal(await me(service, first.body.access_token), 'Access token has expired.')
})

test('deactivated and deleted: claims are set for whom there is, and go with the user', async (t) => {
  const { service, id } = await start(t)
  await admin(service, `/${id}/deactivate`, { method: 'POST' })
  assert.equal((await set(service, id, { plan: 'free' }, true)).status, 200)
  await admin(service, `/${id}/activate`, { method: 'POST' })
  service.clock.now += MINUTE
  assert.deepEqual(ownOf((await service.login()).accessToken), { plan: 'free' })
  await admin(service, `/${id}`, { method: 'DELETE' })
  assert.equal((await set(service, id, {})).status, 404)
})

testOnce('claims of brackets only are refused as any others', async (t) => {
  const { service, id } = await start(t)
  for (const depth of [1000, 7000]) {
    const body = `{"username":"grace","claims":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    const request = { body, headers: { 'Content-Type': 'application/json' } }
    const created = await admin(service, '', { method: 'POST', ...request })
    assert.deepEqual([created.status, created.body.errors[0].path], [400, 'claims.a'])
    const changed = await admin(service, `/${id}/claims`, {
      method: 'PUT',
      ...request,
      body: body.replace('"username":"grace",', ''),
    })
    assert.deepEqual([changed.status, changed.body.errors[0].path], [400, 'claims.a'])
  }
})
