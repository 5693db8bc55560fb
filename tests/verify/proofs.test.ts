/** Access tokens that are bound to a key (RFC 9449) at an API, with proofs that npm `dpop` makes. */
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { serve } from '@hono/node-server'
import { generateKeyPair, generateProof } from 'dpop'
import { Hono } from 'hono'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import type { AccessClaims } from '../../src/verify/index.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { createProvingClient } from '../support/dpop.ts'
import { realClock, SECRET, startService } from '../support/service.ts'

const startBound = async (t: TestContext) => {
  const service = await startService(t, { bindsAccessTokens: true }, realClock)
  await service.register()
  return service
}

const startVerifier = (t: TestContext, options: { publicUrl?: string; maxProofAge?: number } = {}) => {
  const verifier = createVerifier({ keys: { secret: SECRET.toString() }, ...options })
  t.after(() => verifier.close())
  return verifier
}

type Verifier = ReturnType<typeof startVerifier>

/** The same API in each framework */
const APIS: Readonly<
  Record<string, (verifier: Verifier) => Promise<{ port: number; close: () => unknown }>>
> = {
  async hono(verifier) {
    const app = new Hono<{ Variables: { claims: AccessClaims } }>()
    app.use('/api/*', verifier.hono())
    app.all('/api/things', (c) => c.text(c.get('claims').sub))
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
  // As Express and Connect call it below `/api`
  async express(verifier) {
    const middleware = verifier.express()
    const server = createServer(
      (request: IncomingMessage & { auth?: AccessClaims; originalUrl?: string }, response) => {
        request.originalUrl = request.url ?? ''
        request.url = request.originalUrl.replace('/api', '')
        middleware(request, response, () => response.end(request.auth?.sub))
      },
    )
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
}

for (const [name, startApi] of Object.entries(APIS)) {
  test(`${name}: a bound token with a proof of its key, and none without`, async (t) => {
    const service = await startBound(t)
    const pair = await generateKeyPair('ES256')
    const login = await createProvingClient(service, 'ES256', pair)
    const { accessToken: token } = await login.login()
    const other = await generateKeyPair('ES256')
    const api = await startApi(startVerifier(t))
    t.after(api.close)
    const url = `http://127.0.0.1:${api.port}/api/things`
    const ask = async (headers: Readonly<Record<string, string>>, method = 'GET') => {
      const response = await fetch(`${url}?page=2`, { headers, method })
      return [response.status, response.headers.get('WWW-Authenticate')?.split(',')[0] ?? '']
    }
    const proof = await generateProof(pair, url, 'GET', undefined, token)
    const bound = { Authorization: `DPoP ${token}` }
    assert.deepEqual(await ask({ ...bound, DPoP: proof }), [200, ''])
    // RFC 9449 §4.3: behind a proxy that ends TLS
    const byTls = await generateProof(pair, url.replace('http:', 'https:'), 'GET', undefined, token)
    assert.deepEqual(await ask({ ...bound, DPoP: byTls }), [200, ''])

    const missing = [401, 'DPoP error="invalid_token"']
    assert.deepEqual(await ask({ Authorization: `Bearer ${token}` }), missing)
    assert.deepEqual(await ask({ Authorization: `Bearer ${token}`, DPoP: proof }), missing)
    assert.deepEqual(await ask(bound), missing)
    assert.deepEqual(await ask({ ...bound, DPoP: `${proof}, ${proof}` }), missing)

    const invalid = [401, 'DPoP error="invalid_dpop_proof"']
    const wrong = {
      'another method': await generateProof(pair, url, 'POST', undefined, token),
      'another URL': await generateProof(pair, `${url}/1`, 'GET', undefined, token),
      'another key': await generateProof(other, url, 'GET', undefined, token),
      'another token': await generateProof(pair, url, 'GET', undefined, `${token}x`),
      'no token': await generateProof(pair, url, 'GET'),
      'no proof': 'not.a.proof',
      'the token itself': token,
    }
    for (const [why, made] of Object.entries(wrong))
      assert.deepEqual(await ask({ ...bound, DPoP: made }), invalid, why)
    assert.deepEqual(await ask({ ...bound, DPoP: proof }, 'POST'), invalid)
  })
}

test('a token that is not bound is no DPoP token, whatever is proven', async (t) => {
  const service = await startService(t, {}, realClock)
  await service.register()
  const { accessToken } = await service.login()
  const pair = await generateKeyPair('ES256')
  const verifier = startVerifier(t)
  const url = 'https://api.example.com/things'
  const proof = await generateProof(pair, url, 'GET', undefined, accessToken)
  await assert.rejects(verifier.verify(accessToken, { proof, method: 'GET', url }), /Invalid DPoP proof/)
  assert.equal((await verifier.verify(accessToken)).type, 'access')
})

test('proofs: made within five minutes, with a public key, and of the type', async (t) => {
  const service = await startBound(t)
  const pair = await generateKeyPair('ES256', { extractable: true })
  const { accessToken: token } = await (await createProvingClient(service, 'ES256', pair)).login()
  const jwk = await exportJWK(pair.publicKey)
  const { cnf } = await startVerifier(t)
    .verify(token)
    .catch(() => ({ cnf: { jkt: '' } }))
  assert.equal(cnf?.jkt, '')
  const [url, method] = ['https://api.example.com/things', 'GET']
  const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const made = (claims: object, header: object = {}) =>
    new SignJWT({ htm: method, htu: url, jti: 'one', iat: now, ath, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
      .sign(pair.privateKey)
  const verifier = startVerifier(t, { maxProofAge: 300 })
  const outcome = async (proof: string) =>
    verifier.verify(token, { proof, method, url }).then(
      ({ cnf: bound }) => bound?.jkt,
      ({ reason }) => reason,
    )
  const good = await calculateJwkThumbprint(jwk)
  for (const claims of [
    {},
    { iat: now - 290 },
    { iat: now + 290 },
    { htu: `${url}?a#b` },
    { htu: 'HTTPS://API.example.com:443/things' },
  ])
    assert.equal(await outcome(await made(claims)), good, JSON.stringify(claims))
  for (const claims of [
    { iat: now - 310 },
    { iat: now + 310 },
    { iat: 'now' },
    { jti: '' },
    { jti: undefined },
    { jti: 'x'.repeat(257) },
    { htu: 'things' },
    { htm: 'get' },
    { ath: undefined },
  ])
    assert.equal(await outcome(await made(claims)), 'proof_invalid', JSON.stringify(claims))
  const secret = await exportJWK(pair.privateKey)
  for (const header of [{ typ: 'JWT' }, { jwk: secret }, { jwk: undefined }, { crit: ['x'], x: 1 }])
    assert.equal(
      await outcome(await made({}, header).catch(() => 'unmade')),
      'proof_invalid',
      JSON.stringify(header),
    )
})
