/** Which tokens of another system are adopted, and whose they are. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import { SECRET } from '../support/service.ts'
import type { Options } from './foreign.ts'
import {
  addForeignUser,
  adopting,
  FOREIGN_SECRET,
  foreignAccess,
  foreignRefresh,
  NOW,
  sessionsOf,
  signForeign,
} from './foreign.ts'

const seconds = Math.floor(NOW / 1000)
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'old' }
const signed = (claims: object, header: object = {}) =>
  new SignJWT({ sub: '42', type: 'refresh', exp: seconds + 600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'old', ...header })
    .sign(pair.privateKey)

const byPublicKeys = { key: { jwks: { keys: [jwk] } }, adoption: { algorithms: ['RS256', 'ES256'] } }

test('forged and wrong tokens are refused, and nothing changes', async (t) => {
  const service = await adopting(t, { adoption: { issuer: 'https://old', audience: 'app' } })
  const good = { iss: 'https://old', aud: ['app', 'other'] }
  const unsigned = `${foreignRefresh(good).split('.').slice(1, 2).join()}.`
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${unsigned}`
  const wrong: Record<string, string> = {
    none,
    'none, with a signature': `${none}AAAA`,
    'another secret': signForeign(
      { ...good, sub: '42', type: 'refresh', exp: seconds + 60 },
      { secret: 'other' },
    ),
    'another algorithm': signForeign(
      { ...good, sub: '42', type: 'refresh', exp: seconds + 60 },
      { header: { alg: 'HS512' } },
    ),
    'no exp': foreignRefresh({ ...good, exp: undefined }),
    'exp as text': foreignRefresh({ ...good, exp: String(seconds + 60) }),
    'exp too large': foreignRefresh({ ...good, exp: 1e300 }),
    'an issuer of its own': foreignRefresh({ ...good, iss: 'https://other' }),
    'no issuer': foreignRefresh({ aud: 'app' }),
    'another audience': foreignRefresh({ ...good, aud: 'other' }),
    'not yet valid': foreignRefresh({ ...good, nbf: seconds + 120 }),
    'no user': foreignRefresh({ ...good, sub: undefined }),
    'an object as user': foreignRefresh({ ...good, sub: { id: '42' } }),
    'a user with NUL': foreignRefresh({ ...good, sub: '42\0' }),
    'a jti that is no text': foreignRefresh({ ...good, jti: 7 }),
    'another kind': foreignRefresh({ ...good, type: 'reset' }),
    'no kind': foreignRefresh({ ...good, type: undefined }),
    crit: signForeign({ ...good }, { header: { crit: ['b64'], b64: false } }),
    'five parts': 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c',
  }
  for (const [what, token] of Object.entries(wrong)) {
    const { status } = await service.refresh(token)
    assert.equal(status, 401, what)
  }
  assert.deepEqual(await sessionsOf(service), [])
  assert.equal((await service.refresh(foreignRefresh({ ...good, nbf: seconds + 50 }))).status, 200)
})

test('a secret verifies no public algorithm, and a public key no HMAC', async (t) => {
  const bySecret = await adopting(t, { key: { secret: Buffer.from(pem), isShared: false } })
  assert.equal((await bySecret.refresh(await signed({}))).status, 401)
  const byKeys = await adopting(t, byPublicKeys)
  const input = `${Buffer.from('{"alg":"HS256","kid":"old"}').toString('base64url')}.${Buffer.from(
    JSON.stringify({ sub: '42', type: 'refresh', exp: seconds + 60 }),
  ).toString('base64url')}`
  for (const key of [pem, JSON.stringify(jwk), Buffer.from(String(jwk.n), 'base64url')]) {
    const token = `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
    assert.equal((await byKeys.refresh(token)).status, 401)
  }
  assert.equal((await byKeys.refresh(await signed({}))).status, 200)
  assert.equal((await byKeys.refresh(await signed({}, { kid: 'unknown' }))).status, 401)
})

test('a key that cannot be used refuses its tokens, and is no error of the service', async (t) => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const broken = { kty: 'RSA', kid: 'broken', n: 'AAAA', e: 'AQAB' }
  const keys = [{ ...(await exportJWK(weak.publicKey)), kid: 'old' }, broken]
  const service = await adopting(t, { ...byPublicKeys, key: { jwks: { keys } } })
  for (const kid of ['old', 'broken'])
    assert.equal((await service.refresh(await signed({}, { kid }))).status, 401)
})

test('numbers, other claims, members of claims and usernames name the user', async (t) => {
  const cases: readonly [NonNullable<Options['adoption']>, Record<string, unknown>][] = [
    [{}, { sub: 42 }],
    [{ userClaim: 'user_id' }, { sub: undefined, user_id: 42 }],
    [{ userClaim: 'user.id' }, { user: { id: '42' } }],
    [{ userClaim: 'https://app.example/id' }, { 'https://app.example/id': '42' }],
    [{ userBy: 'username' }, { sub: 'ADA' }],
  ]
  for (const [adoption, claims] of cases) {
    const service = await adopting(t, { adoption })
    assert.equal((await service.refresh(foreignRefresh(claims))).status, 200, JSON.stringify(claims))
    assert.equal((await sessionsOf(service))[0]?.user_id, '42')
  }
})

test('a token is of its user only: two users, two sessions', async (t) => {
  const service = await adopting(t)
  await addForeignUser(service, '43', 'grace')
  await service.refresh(foreignRefresh())
  await service.refresh(foreignRefresh({ sub: '43' }))
  assert.deepEqual((await sessionsOf(service)).map((row) => row.user_id).sort(), ['42', '43'])
})

test('after ADOPT_UNTIL nothing is adopted, and adopted sessions go on', async (t) => {
  const service = await adopting(t, { adoption: { until: NOW + 1000 } })
  const token = foreignRefresh()
  const { body } = await service.refresh(token)
  service.clock.now += 1000
  assert.equal((await service.refresh(token)).status, 401)
  assert.equal((await service.refresh(foreignRefresh())).status, 401)
  assert.equal((await service.refresh(body.data.refresh_token)).status, 200)
})

test('with one secret for both systems, tokens of ours are never foreign', async (t) => {
  const key = { secret: SECRET, isShared: true }
  const kinds = [
    { refresh: 'off', access: 'any' },
    { refresh: 'any', access: 'off' },
    { refresh: { claim: 'type', value: 'access' }, access: { claim: 'type', value: 'refresh' } },
  ] as const
  for (const each of kinds) {
    const service = await adopting(t, { key, adoption: { kinds: each } })
    await service.register('grace')
    const { accessToken, refreshToken } = await service.login('grace')
    assert.equal((await service.refresh(accessToken)).status, 401)
    assert.equal((await service.exchange(refreshToken)).status, 401)
    assert.equal((await sessionsOf(service)).length, 1)
  }
  const service = await adopting(t, { key })
  const own = signForeign(
    { sub: '42', type: 'refresh', exp: seconds + 60 },
    { secret: Buffer.from(SECRET).toString() },
  )
  assert.equal((await service.refresh(own)).status, 200)
})

test('without ADOPT_ settings foreign tokens are refused', async (t) => {
  const service = await adopting(t, { key: undefined, settings: { adoption: undefined } })
  assert.equal((await service.refresh(foreignRefresh())).status, 401)
  assert.equal((await service.exchange(foreignAccess())).status, 401)
})

test('foreign keys sign nothing and are not published', async (t) => {
  const service = await adopting(t, { ...byPublicKeys, settings: { accessTokenAlgorithm: 'RS256' } })
  const { body } = await service.refresh(await signed({}))
  const { body: jwks } = await service.request('/.well-known/jwks.json')
  assert.equal(JSON.stringify(jwks).includes(String(jwk.n)), false)
  const { kid } = JSON.parse(Buffer.from(body.data.access_token.split('.')[0], 'base64url').toString())
  assert.notEqual(kid, 'old')
  assert.equal(service.logged().includes(FOREIGN_SECRET), false)
})

test('keys of a server: while it cannot be reached 503, and nobody is logged out', async (t) => {
  let isUp = false
  const server = createServer((_, response) => {
    response.writeHead(isUp ? 200 : 500, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ keys: [jwk] }))
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  const service = await adopting(t, { ...byPublicKeys, key: { url } })
  const token = await signed({})
  const down = await service.refresh(token)
  assert.equal(`${down.status} ${down.body.message}`, '503 Service unavailable.')
  assert.equal((await service.exchange(token)).status, 503)
  isUp = true
  assert.equal((await service.refresh(token)).status, 200)
})

test('the cookie of the other system: ours comes in its place, and counts alone from then on', async (t) => {
  const service = await adopting(t, { adoption: { cookieName: 'refresh_token_cookie' } })
  const token = foreignRefresh()
  const send = (cookie: string, headers = {}) =>
    service.request('/refresh_token', { method: 'POST', headers: { Cookie: cookie, ...headers } })
  const cross = await send(`refresh_token_cookie=${token}`, {
    Origin: 'https://evil.example',
    'Sec-Fetch-Site': 'cross-site',
  })
  assert.equal(cross.status, 403)
  const first = await send(`refresh_token=undefined; refresh_token_cookie=${token}`, {
    Authorization: 'Bearer undefined',
  })
  assert.equal(first.status, 200)
  assert.equal('refresh_token' in first.body.data, false)
  const [ours] = first.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  assert.match(String(ours), /^refresh_token=ey/)
  assert.notEqual((await sessionsOf(service))[0]?.cookie_at, null)
  service.clock.now += 3_600_000
  assert.equal((await send(`refresh_token_cookie=${token}; ${ours}`)).status, 200)
  assert.equal((await sessionsOf(service))[0]?.revoked_reason, null)
})
