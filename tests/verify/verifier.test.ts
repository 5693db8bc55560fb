/** A verifier refuses what has ended, and nothing else. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import type { CryptoKey } from 'jose'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { TokenError } from '../../src/verify/errors.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { test as testBoth } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, MINUTE, PASSWORD, realClock, SECRET, startService } from '../support/service.ts'
import { outcomeOf, refusedSoon, startVerifier } from './api.ts'

const asAdmin = (service: Service, path: string, method: string, json?: object) =>
  service.request(path, { method, bearer: ADMIN_TOKEN, ...(json && { json }) })

const start = async (t: TestContext) => {
  const service = await startService(t, {}, realClock)
  const user = await service.register()
  return { service, user, ...(await service.login()) }
}

type Started = Awaited<ReturnType<typeof start>>

/** Each ends the session of the access token. */
const ENDINGS: Readonly<Record<string, (of: Started) => Promise<unknown>>> = {
  logout: ({ service, refreshToken }) =>
    service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken }),
  'RFC 7009': ({ service, accessToken }) =>
    service.request('/revoke', {
      method: 'POST',
      body: `token=${accessToken}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
  'logout of all': ({ service, accessToken }) =>
    service.request('/api/auth/logout_all', { method: 'POST', bearer: accessToken }),
  'a password change': ({ service, accessToken }) =>
    service.request('/api/auth/password', {
      bearer: accessToken,
      json: { current_password: PASSWORD, new_password: 'another one entirely' },
    }),
  deactivation: ({ service, user }) => asAdmin(service, `/admin/users/${user.id}/deactivate`, 'POST'),
  deletion: ({ service, user }) => asAdmin(service, `/admin/users/${user.id}`, 'DELETE'),
  'a password set by an operator': ({ service, user }) =>
    asAdmin(service, `/admin/users/${user.id}/password`, 'PUT', { password: 'another one entirely' }),
}

describe('a verifier that follows the feed', () => {
  for (const [name, end] of Object.entries(ENDINGS))
    testBoth(`refuses a token soon after ${name}`, async (t) => {
      const one = await start(t)
      const verifier = startVerifier(t, one.service.url)
      const { sub, sid } = await verifier.verify(one.accessToken)
      assert.equal(sub, one.user.id)
      assert.equal(typeof sid, 'string')
      await end(one)
      await refusedSoon(verifier, one.accessToken)
    })

  testBoth('accepts an exchanged token until its grace window is over, as the service does', async (t) => {
    const clock = { now: Date.now() }
    const service = await startService(t, {}, clock)
    await service.register()
    const [{ accessToken }, marker, other] = [
      await service.login(),
      await service.login(),
      await service.login(),
    ]
    const verifier = startVerifier(t, service.url)
    await verifier.verify(accessToken)
    const outcomes = async () => [
      await outcomeOf(verifier, accessToken),
      (await service.request('/api/auth/me', { bearer: accessToken })).status,
    ]
    await service.exchange(accessToken)
    for (const { accessToken: later, refreshToken } of [marker, other]) {
      // What ended later has reached the verifier, and the exchange has not.
      await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
      await refusedSoon(verifier, later)
      assert.deepEqual(await outcomes(), ['accepted', 200])
      if (later === marker.accessToken) clock.now += service.core.settings.grace
    }
    clock.now += 1
    await refusedSoon(verifier, accessToken)
    assert.deepEqual(await outcomes(), ['ended', 401])
    assert.equal(await outcomeOf(startVerifier(t, service.url), accessToken), 'ended')
  })

  test('accepts the tokens of other sessions, and of later ones of the user', async (t) => {
    const { service, accessToken, refreshToken } = await start(t)
    const verifier = startVerifier(t, service.url)
    await service.register('grace')
    const other = await service.login('grace')
    const { body } = await service.request('/api/auth/password', {
      bearer: accessToken,
      json: { current_password: PASSWORD, new_password: 'another one entirely' },
    })
    await refusedSoon(verifier, accessToken)
    assert.equal(await outcomeOf(verifier, other.accessToken), 'accepted')
    assert.equal(await outcomeOf(verifier, body.data.access_token), 'accepted')
    assert.equal((await service.refresh(refreshToken)).status, 401)
    const again = await service.refresh(body.data.refresh_token)
    assert.equal(await outcomeOf(verifier, again.body.data.access_token), 'accepted')
    const later = await service.tryLogin('another one entirely')
    assert.equal(await outcomeOf(verifier, later.body.data.access_token), 'accepted')
  })

  test('that starts later knows what has ended', async (t) => {
    const { service, accessToken, refreshToken } = await start(t)
    await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
    const verifier = startVerifier(t, service.url)
    assert.equal(await outcomeOf(verifier, accessToken), 'ended')
    assert.equal(verifier.status().entries, 1)
  })

  test('on demand, asks when its knowledge is older than half of maxStale', async (t) => {
    const { service, accessToken, refreshToken } = await start(t)
    const verifier = startVerifier(t, service.url, { revocations: { follow: 'on_demand', maxStale: 200 } })
    assert.equal(await outcomeOf(verifier, accessToken), 'accepted')
    await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
    await refusedSoon(verifier, accessToken)
  })

  test('tells how old its knowledge is', async (t) => {
    const { service, accessToken } = await start(t)
    const verifier = startVerifier(t, service.url)
    assert.match(verifier.metrics(), /^rekindle_verifier_age_seconds \+Inf$/m)
    await verifier.verify(accessToken)
    const { age = 0, isStale, failures } = verifier.status()
    assert.ok(age < 5000)
    assert.deepEqual([isStale, failures], [false, 0])
    assert.match(verifier.metrics(), /^rekindle_verifier_age_seconds \d+(\.\d+)?$/m)
  })
})

describe('a verifier that cannot follow the feed', () => {
  for (const onStale of ['refuse', 'accept'] as const)
    test(`with onStale: '${onStale}'`, async (t) => {
      const { service, accessToken } = await start(t)
      const errors: unknown[] = []
      const verifier = startVerifier(t, service.url, {
        revocations: { maxStale: 400, onStale, onError: (error) => errors.push(error) },
      })
      assert.equal(await outcomeOf(verifier, accessToken), 'accepted')
      await service.stop()
      const stopped = performance.now()
      if (onStale === 'refuse') {
        let outcome = 'accepted'
        while (outcome === 'accepted') {
          assert.ok(performance.now() - stopped < 15_000)
          outcome = await outcomeOf(verifier, accessToken)
        }
        assert.equal(outcome, 'stale')
        const error = await verifier.verify(accessToken).catch((error: TokenError) => error)
        assert.ok(error instanceof TokenError)
        assert.deepEqual([error.status, error.headers['Retry-After']], [503, '1'])
      } else {
        await new Promise((resolve) => setTimeout(resolve, 600))
        assert.equal(await outcomeOf(verifier, accessToken), 'accepted')
        assert.equal(verifier.status().isStale, true)
      }
      assert.ok(errors.length > 0)
    })

  test('with a wrong token refuses all, and says why', async (t) => {
    const { service, accessToken } = await start(t)
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const verifier = startVerifier(t, service.url, { revocations: { token: 'wrong', onError } })
    assert.equal(await outcomeOf(verifier, accessToken), 'stale')
    assert.match(String(errors[0]), /answered 401/)
  })

  test('is not fooled by another server that answers 200', async (t) => {
    const server = createServer((_, res) =>
      res.setHeader('Content-Type', 'application/json').end('{"data":{}}'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { accessToken } = await start(t)
    const { port } = server.address() as AddressInfo
    const verifier = startVerifier(t, `http://127.0.0.1:${port}`)
    assert.equal(await outcomeOf(verifier, accessToken), 'stale')
  })
})

describe('the token itself', () => {
  const keys = { secret: SECRET.toString() }

  test('forged, expired and other tokens are refused', async (t) => {
    const { accessToken, refreshToken } = await start(t)
    const verifier = createVerifier({ keys })
    assert.equal(await outcomeOf(verifier, accessToken), 'accepted')
    const earlier = await startService(t, {}, { now: Date.now() - 40 * MINUTE })
    await earlier.register()
    const expired = (await earlier.login()).accessToken
    const [head, , signature] = accessToken.split('.')
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${accessToken.split('.')[1]}.`
    for (const [token, reason] of [
      [refreshToken, 'invalid'],
      [expired, 'expired'],
      [[head, expired.split('.')[1], signature].join('.'), 'invalid'],
      [none, 'invalid'],
      ['nonsense', 'invalid'],
      ['', 'invalid'],
    ] as const)
      assert.equal(await outcomeOf(verifier, token), reason, token)
  })

  test('issuer and audience are checked if they are given', async (t) => {
    const service = await startService(t, { issuer: 'https://id.example', audience: 'api' }, realClock)
    await service.register()
    const { accessToken } = await service.login()
    const right = { issuer: 'https://id.example', audience: 'api' }
    assert.equal(await outcomeOf(createVerifier({ keys, ...right }), accessToken), 'accepted')
    for (const wrong of [{ issuer: 'https://evil.example' }, { audience: 'another' }])
      assert.equal(await outcomeOf(createVerifier({ keys, ...right, ...wrong }), accessToken), 'invalid')
  })

  test('both secrets are accepted during a change', async (t) => {
    const { accessToken } = await start(t)
    const other = 'zK3vYq8mWx1tRb5LpNc7Hs0QdJ4uGe9oT2iFXaCE'
    assert.equal(
      await outcomeOf(createVerifier({ keys: { secret: [other, keys.secret] } }), accessToken),
      'accepted',
    )
    assert.equal(await outcomeOf(createVerifier({ keys: { secret: other } }), accessToken), 'invalid')
    assert.throws(() => createVerifier({ keys: { secret: 'short' } }), /32 bytes/)
    assert.throws(
      () => createVerifier({ keys: { jwksUri: 'https://x', algorithms: ['HS256'] } }),
      /public keys/,
    )
  })

  test('public keys are fetched, and without them the token is not called invalid', async (t) => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
    const server = createServer((_, res) =>
      res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
    const token = (key: CryptoKey, kid: string) =>
      new SignJWT({ type: 'access', sid: 'a session' })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .setSubject('ada')
        .setJti('a token')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(key)
    const verifier = createVerifier({ keys: { jwksUri } })
    assert.equal(await outcomeOf(verifier, await token(privateKey, 'one')), 'accepted')
    assert.equal(await outcomeOf(verifier, await token(privateKey, 'another')), 'invalid')
    const { privateKey: forged } = await generateKeyPair('ES256')
    assert.equal(await outcomeOf(verifier, await token(forged, 'one')), 'invalid')
    const unreachable = createVerifier({ keys: { jwksUri: 'http://127.0.0.1:9/jwks.json' } })
    assert.equal(await outcomeOf(unreachable, await token(privateKey, 'one')), 'keys')
  })
})

describe('middleware', () => {
  const withToken = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })
  const CHALLENGES = {
    missing: [401, 'Bearer'],
    invalid: [401, 'Bearer error="invalid_token", error_description="Invalid access token."'],
    several: [400, 'Bearer error="invalid_request", error_description="Several access tokens."'],
  } as const

  type Ask = (init: { headers?: Record<string, string> }) => Promise<Response>

  async function check(ask: Ask, { accessToken, refreshToken, user }: Started) {
    assert.equal(await (await ask(withToken(accessToken))).text(), user.id)
    const refused = {
      missing: await ask({}),
      invalid: await ask(withToken(refreshToken)),
      several: await ask(withToken(`${accessToken}, Bearer ${accessToken}`)),
    }
    for (const [name, answer] of Object.entries(refused)) {
      const challenge = answer.headers.get('WWW-Authenticate')
      assert.deepEqual([answer.status, challenge], CHALLENGES[name as keyof typeof CHALLENGES])
      assert.equal(answer.headers.get('Content-Type'), 'application/json')
      assert.equal(typeof ((await answer.json()) as { error: unknown }).error, 'string')
    }
  }

  test('for Hono', async (t) => {
    const one = await start(t)
    const verifier = startVerifier(t, one.service.url)
    const app = new Hono<{ Variables: { claims: { sub: string } } }>()
    app.use('/things', verifier.hono())
    app.get('/things', (c) => c.text(c.get('claims').sub))
    await check((init) => Promise.resolve(app.request('/things', init)), one)
  })

  test('for Connect', async (t) => {
    const one = await start(t)
    const guard = startVerifier(t, one.service.url).express()
    const server = createServer((req, res) =>
      guard(req, res, () => res.end((req as { auth?: { sub: string } }).auth?.sub)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await check((init) => fetch(`http://127.0.0.1:${port}/`, init), one)
  })

  test('an error of a scope names it', () => {
    const { status, headers } = new TokenError('scope', { scope: 'things:write "quoted"' })
    assert.equal(status, 403)
    assert.match(
      String(headers['WWW-Authenticate']),
      /error="insufficient_scope".*scope="things:write quoted"$/,
    )
  })
})
