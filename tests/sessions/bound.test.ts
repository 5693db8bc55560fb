/** Sessions that are bound to a key: twice, at the same time, half, and after a revocation. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { createProvingClient, wordOf } from '../support/dpop.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, PASSWORD, startService } from '../support/service.ts'

const MISSING = '401 dpop_proof_missing'
const MISMATCH = '401 dpop_key_mismatch'
const INVALID = '401 refresh_token_invalid'

const tokenOf = ({ body }: { body: { data: { refresh_token: string } } }) => body.data.refresh_token

async function start(
  t: Parameters<typeof startService>[0],
  overrides: Parameters<typeof startService>[1] = {},
) {
  const service = await startService(t, overrides)
  const user = await service.register()
  const [owner, thief] = [await createProvingClient(service), await createProvingClient(service)]
  return { service, user, owner, thief }
}

const rowOf = (service: Service) =>
  service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()

test('a login with a proof binds the session: its tokens alone are worth nothing, and end nothing', async (t) => {
  const { service, owner, thief } = await start(t)
  const { accessToken, refreshToken } = await owner.login()
  const before = await rowOf(service)
  assert.equal(wordOf(await service.refresh(refreshToken)), MISSING)
  assert.equal(wordOf(await thief.refresh(refreshToken)), MISMATCH)
  assert.equal(wordOf(await service.exchange(accessToken)), MISSING)
  assert.equal(wordOf(await thief.exchange(accessToken)), MISMATCH)
  assert.deepEqual(await rowOf(service), before)
  const next = await owner.refresh(refreshToken)
  assert.equal(wordOf(next), '200')
  // Superseded ones neither: nobody can end the session of somebody else with a token alone.
  assert.equal(wordOf(await service.refresh(refreshToken)), MISSING)
  assert.equal(wordOf(await thief.refresh(refreshToken)), MISMATCH)
  assert.equal(wordOf(await owner.exchange(accessToken)), '200')
  const last = await owner.refresh(tokenOf(next))
  assert.equal(wordOf(last), '200')
  assert.equal(wordOf(await service.refresh(refreshToken)), MISSING)
  assert.equal(wordOf(await thief.refresh(refreshToken)), MISMATCH)
  assert.equal(wordOf(await owner.refresh(tokenOf(last))), '200')
  assert.match(service.logged(), /"reason":"mismatched"/)
})

test('the first refresh with a proof binds the session', async (t) => {
  const { service, owner } = await start(t)
  const { refreshToken } = await service.login()
  const free = await service.refresh(refreshToken)
  assert.equal((await rowOf(service)).jkt, null)
  const bound = await owner.refresh(tokenOf(free))
  assert.match((await rowOf(service)).jkt ?? '', /^[\w-]{43}$/)
  assert.equal(wordOf(await service.refresh(tokenOf(bound))), MISSING)
  assert.equal(wordOf(await owner.refresh(tokenOf(bound))), '200')
})

test('without rotation the first refresh with a proof binds, too', async (t) => {
  const { service, owner, thief } = await start(t, { rotation: false })
  const { refreshToken } = await service.login()
  assert.equal(wordOf(await owner.refresh(refreshToken)), '200')
  assert.equal(wordOf(await service.refresh(refreshToken)), MISSING)
  assert.equal(wordOf(await thief.refresh(refreshToken)), MISMATCH)
  assert.equal(wordOf(await owner.refresh(refreshToken)), '200')
})

test('an administrator opens a session for a key, and the same request gets the same session', async (t) => {
  const { service, user, owner, thief } = await start(t)
  // The application has seen a proof of the user's key. Here a login tells the thumbprint.
  await owner.login()
  const { jkt } = await rowOf(service)
  const open = (json: object) =>
    service.request(`/admin/users/${user.id}/sessions`, {
      ...{ json, bearer: ADMIN_TOKEN },
      headers: { 'Idempotency-Key': 'one' },
    })
  const [first, again] = [await open({ jkt }), await open({ jkt })]
  assert.equal(first.body.data.session_id, again.body.data.session_id)
  assert.notEqual((await open({})).body.data.session_id, first.body.data.session_id)
  assert.equal(wordOf(await service.refresh(tokenOf(first))), MISSING)
  assert.equal(wordOf(await thief.refresh(tokenOf(first))), MISMATCH)
  assert.equal(wordOf(await owner.refresh(tokenOf(first))), '200')
  for (const wrong of ['x', `${jkt}x`, 1, null])
    assert.equal(wordOf(await open({ jkt: wrong })), '400 invalid_request')
})

test('a retry gets the byte-identical successor, however late, from anywhere, until that is used', async (t) => {
  const { service, owner } = await start(t, { grace: 30_000, lateRetry: 0 })
  const { refreshToken } = await owner.login()
  const first = await owner.refresh(refreshToken)
  for (const later of [1000, MINUTE, DAY, 20 * DAY]) {
    service.clock.now += later
    const again = await owner.send('/refresh_token', {
      ...{ method: 'POST', bearer: refreshToken },
      headers: { 'User-Agent': `after ${later}` },
    })
    assert.equal(wordOf(again), '200')
    assert.equal(tokenOf(again), tokenOf(first))
  }
  assert.equal((await rowOf(service)).generation, 1)
  assert.equal(wordOf(await owner.refresh(tokenOf(first))), '200')
  // Older than the predecessor: only the holder of the key can have sent it, and it ends the session all the same.
  assert.equal(wordOf(await owner.refresh(refreshToken)), INVALID)
  assert.equal((await rowOf(service)).revoked_reason, 'reuse')
})

test('a bound session may be repeated without any grace window', async (t) => {
  const { owner } = await start(t, { grace: 0 })
  const { refreshToken } = await owner.login()
  const first = await owner.refresh(refreshToken)
  assert.equal(tokenOf(await owner.refresh(refreshToken)), tokenOf(first))
})

test('the lost answer of the refresh that bound the session is repeated, hours later', async (t) => {
  const { service, owner } = await start(t)
  const { refreshToken } = await service.login()
  const first = await owner.refresh(refreshToken)
  service.clock.now += 5 * 60 * MINUTE
  assert.equal(tokenOf(await owner.refresh(refreshToken)), tokenOf(first))
})

test('100 parallel refreshes with 100 proofs of one key: one successor', async (t) => {
  const { service, owner } = await start(t)
  const { refreshToken } = await owner.login()
  const answers = await Promise.all(Array.from({ length: 100 }, () => owner.refresh(refreshToken)))
  assert.deepEqual([...new Set(answers.map(wordOf))], ['200'])
  assert.equal(new Set(answers.map(tokenOf)).size, 1)
  assert.equal((await rowOf(service)).generation, 1)
})

test('first refreshes at once with different keys: one wins, and the session goes on with it', async (t) => {
  const { service } = await start(t)
  for (let round = 0; round < 5; round++) {
    const { refreshToken } = await service.login()
    const clients = await Promise.all(Array.from({ length: 8 }, () => createProvingClient(service)))
    // Each knows a nonce before, so that all come at the same time.
    await Promise.all(clients.map((client) => client.login()))
    const answers = await Promise.all(clients.map((client) => client.refresh(refreshToken)))
    const winners = answers.flatMap((answer, at) => (answer.status === 200 ? [at] : []))
    assert.equal(winners.length, 1)
    const [winner = 0] = winners
    for (const [at, answer] of answers.entries()) if (at !== winner) assert.equal(wordOf(answer), MISMATCH)
    const next = tokenOf(answers[winner] as never)
    for (const [at, client] of clients.entries())
      if (at !== winner) assert.equal(wordOf(await client.refresh(next)), MISMATCH)
    assert.equal(wordOf((await clients[winner]?.refresh(next)) as never), '200')
  }
})

test('a thief who binds a stolen token first is found when its owner comes', async (t) => {
  for (const [later, userAgent, reason] of [
    [1000, 'owner', 'shared'],
    [MINUTE, 'owner', 'reuse'],
    [MINUTE, undefined, 'reuse'],
  ] as const) {
    const { service, owner, thief } = await start(t)
    const { refreshToken } = await service.login()
    const stolen = await thief.refresh(refreshToken)
    service.clock.now += later
    const headers = userAgent === undefined ? {} : { 'User-Agent': userAgent }
    assert.equal(
      wordOf(await service.request('/refresh_token', { method: 'POST', bearer: refreshToken, headers })),
      INVALID,
    )
    assert.equal((await rowOf(service)).revoked_reason, reason)
    assert.equal(wordOf(await thief.refresh(tokenOf(stolen))), INVALID)
    assert.equal(wordOf(await owner.refresh(refreshToken)), INVALID)
  }
})

test('with REFRESH_TOKEN_SHARED=report the copy of a bound session is told, and not handed out', async (t) => {
  const { service, thief } = await start(t, { sharedTokens: 'report' })
  const { refreshToken } = await service.login()
  await thief.refresh(refreshToken)
  const headers = { 'User-Agent': 'owner' }
  const answer = await service.request('/refresh_token', { method: 'POST', bearer: refreshToken, headers })
  assert.equal(wordOf(answer), MISSING)
  const events = await service.core.db.selectFrom('events').select('name').execute()
  assert.ok(events.some(({ name }) => name === 'token.shared'))
})

test('revocation wins over proofs', async (t) => {
  const { service, owner } = await start(t)
  const { refreshToken } = await owner.login()
  const [out, ...refreshes] = await Promise.all([
    // It needs no proof: the key may be lost.
    service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken }),
    ...Array.from({ length: 10 }, () => owner.refresh(refreshToken)),
  ])
  assert.equal(wordOf(out), '200')
  for (const answer of refreshes) {
    if (answer.status === 200) assert.equal(wordOf(await owner.refresh(tokenOf(answer))), INVALID)
    else assert.equal(wordOf(answer), INVALID)
  }
})

test('a change of the password leaves the session bound', async (t) => {
  const { service, owner } = await start(t)
  const { accessToken } = await owner.login()
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const changed = await service.request('/api/auth/password', { bearer: accessToken, json })
  assert.equal(wordOf(await service.refresh(tokenOf(changed))), MISSING)
  assert.equal(wordOf(await owner.refresh(tokenOf(changed))), '200')
})

test('a bound session in cookie mode needs the proof beside its cookie', async (t) => {
  const { service, owner } = await start(t)
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const { headers } = await owner.send('/api/auth/login', { json })
  const cookie = headers.getSetCookie()[0]?.split(';')[0]
  assert.equal(wordOf(await service.request('/refresh_token', { method: 'POST', cookie })), MISSING)
  const next = await owner.send('/refresh_token', { method: 'POST', cookie })
  assert.equal(wordOf(next), '200')
  assert.ok(next.headers.getSetCookie()[0]?.startsWith('refresh_token=ey'))
})

test('lists say how a session is bound', async (t) => {
  const { service, user, owner } = await start(t)
  const { accessToken } = await owner.login()
  await service.login()
  const bindings = ({ body }: { body: { data: { sessions: { binding: unknown }[] } } }) =>
    body.data.sessions.map(({ binding }) => binding).sort()
  assert.deepEqual(bindings(await service.request('/api/auth/sessions', { bearer: accessToken })), [
    'dpop',
    null,
  ])
  const asAdmin = { bearer: ADMIN_TOKEN }
  assert.deepEqual(bindings(await service.request(`/admin/users/${user.id}/sessions`, asAdmin)), [
    'dpop',
    null,
  ])
})

test('DPOP_ACCESS_TOKENS binds access tokens, too', async (t) => {
  const { service, owner, thief } = await start(t, { bindsAccessTokens: true })
  const answer = await owner.send('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })
  assert.equal(answer.body.data.token_type, 'DPoP')
  const { access_token: token, refresh_token: refreshToken } = answer.body.data
  for (const path of ['/api/auth/me', '/api/auth/sessions']) {
    assert.equal(wordOf(await owner.asUser(path, token)), '200')
    assert.equal(wordOf(await service.request(path, { bearer: token })), MISSING)
    const headers = { Authorization: `DPoP ${token}` }
    const missing = await service.request(path, { headers })
    assert.equal(wordOf(missing), MISSING)
    assert.match(missing.headers.get('WWW-Authenticate') ?? '', /^DPoP realm="rekindle", algs="ES256 /)
    // Without `ath`, with the one of another token, and by another key
    assert.equal(wordOf(await owner.send(path, { headers })), '401 invalid_dpop_proof')
    assert.equal(
      wordOf(await owner.send(path, { headers }, { token: `${token}x` })),
      '401 invalid_dpop_proof',
    )
    assert.equal(wordOf(await thief.asUser(path, token)), '401 access_token_invalid')
    // RFC 9449 §7.2: no downgrade
    assert.equal(wordOf(await owner.send(path, { bearer: token }, { token })), MISSING)
  }
  const logout = (client: typeof owner) => client.asUser('/api/auth/logout', token, { method: 'POST' })
  assert.equal(wordOf(await service.request('/api/auth/logout', { method: 'POST', bearer: token })), MISSING)
  assert.equal(wordOf(await logout(thief)), '401 token_invalid')
  const refreshed = await owner.refresh(refreshToken)
  assert.equal(refreshed.body.data.token_type, 'DPoP')
  const exchanged = await owner.exchange(token)
  assert.equal(exchanged.body.token_type, 'DPoP')
  assert.equal((await owner.exchange(token)).body.access_token, exchanged.body.access_token)
  assert.equal(wordOf(await owner.asUser('/api/auth/me', exchanged.body.access_token)), '200')
  assert.equal(
    wordOf(await owner.asUser('/api/auth/logout', exchanged.body.access_token, { method: 'POST' })),
    '200',
  )
  assert.equal(wordOf(await owner.refresh(tokenOf(refreshed))), INVALID)
})

test('an unbound access token is not sent with a proof', async (t) => {
  const { service, owner } = await start(t)
  const { accessToken } = await service.login()
  assert.equal(wordOf(await owner.asUser('/api/auth/me', accessToken)), '401 access_token_invalid')
  assert.equal(wordOf(await owner.send('/api/auth/me', { bearer: accessToken })), '200')
})

test('a bound session lasts as long as its deadlines', async (t) => {
  const { service, owner } = await start(t)
  const { refreshToken } = await owner.login()
  service.clock.now += 31 * DAY
  assert.equal(wordOf(await owner.refresh(refreshToken)), '401 refresh_token_expired')
})
