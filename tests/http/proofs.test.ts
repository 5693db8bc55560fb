/** Proofs over HTTP: nonces, URLs behind proxies, limits, and other people's clients. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { generateKeyPair, generateProof } from 'dpop'
import { Hono } from 'hono'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { createApp } from '../../src/http/app.ts'
import { createProvingClient, wordOf } from '../support/dpop.ts'
import type { Service } from '../support/service.ts'
import { INTROSPECTION_TOKEN, MINUTE, PASSWORD, startService } from '../support/service.ts'

const login = { json: { username: 'ada', password: PASSWORD } }

async function start(t: TestContext, overrides: Parameters<typeof startService>[1] = {}) {
  const service = await startService(t, overrides)
  await service.register()
  return service
}

test('a proof without a recent nonce gets one, and no other request does', async (t) => {
  const service = await start(t)
  const pair = await generateKeyPair('ES256')
  const send = async (nonce?: string) => {
    const proof = await generateProof(pair, `${service.url}/api/auth/login`, 'POST', nonce)
    return service.request('/api/auth/login', { ...login, headers: { DPoP: proof } })
  }
  const first = await send()
  assert.equal(wordOf(first), '401 use_dpop_nonce')
  assert.match(
    first.headers.get('WWW-Authenticate') ?? '',
    /error="use_dpop_nonce", algs="ES256 Ed25519 EdDSA"/,
  )
  const nonce = first.headers.get('DPoP-Nonce') ?? ''
  const opened = await send(nonce)
  assert.equal(wordOf(opened), '200')
  assert.equal(opened.headers.get('DPoP-Nonce'), nonce)
  // A proof may be repeated while its nonce lasts: see docs/adr/0060-dpop.md.
  assert.equal(wordOf(await send(nonce)), '200')
  service.clock.now += 4 * MINUTE
  const late = await send(nonce)
  assert.equal(wordOf(late), '401 use_dpop_nonce')
  assert.equal(wordOf(await send(late.headers.get('DPoP-Nonce') ?? '')), '200')
  assert.equal((await service.tryLogin()).headers.get('DPoP-Nonce'), null)
})

test('clocks of devices may be wrong', async (t) => {
  const service = await start(t)
  const pair = await generateKeyPair('ES256')
  const owner = await createProvingClient(service)
  await owner.login()
  const url = `${service.url}/api/auth/login`
  for (const iat of [0, 4_000_000_000]) {
    const proof = await generateProof(pair, url, 'POST', owner.nonce(), undefined, { iat })
    assert.equal(
      wordOf(await service.request('/api/auth/login', { ...login, headers: { DPoP: proof } })),
      '200',
    )
  }
})

test('several proofs, and what is none', async (t) => {
  const service = await start(t)
  const owner = await createProvingClient(service)
  const { refreshToken } = await owner.login()
  const pair = await generateKeyPair('ES256')
  const proof = await generateProof(pair, `${service.url}/refresh_token`, 'POST', owner.nonce())
  for (const DPoP of [`${proof}, ${proof}`, '', 'x', 'x'.repeat(10_000), 'Ω.Ω.Ω'.replaceAll('Ω', '%CE')])
    for (const request of [
      { method: 'POST', bearer: refreshToken, headers: { DPoP } },
      { method: 'POST', headers: { DPoP, Authorization: `DPoP ${refreshToken}` } },
    ])
      assert.equal(wordOf(await service.request('/refresh_token', request)), '401 invalid_dpop_proof')
  assert.equal(wordOf(await owner.refresh(refreshToken)), '200')
})

test('the refresh token may be sent by either scheme', async (t) => {
  const service = await start(t)
  const owner = await createProvingClient(service)
  let { refreshToken: token } = await owner.login()
  for (const ath of [token, undefined]) {
    const headers = { Authorization: `DPoP ${token}` }
    const proof = ath === undefined ? {} : { token: ath }
    const { body } = await owner.send('/refresh_token', { method: 'POST', headers }, proof)
    token = body.data.refresh_token
  }
  const other = await owner.send('/refresh_token', { method: 'POST', bearer: token }, { token: 'another' })
  assert.equal(wordOf(other), '401 invalid_dpop_proof')
})

test('outdated nonces do not use up the limits of an address', async (t) => {
  const once = { points: 1, seconds: 60 }
  const { limits } = (await startService(t)).core.settings
  const service = await start(t, {
    limits: { ...limits, failuresAddress: once, loginAddress: once, loginDelay: true },
  })
  const sessions = []
  for (let count = 0; count < 3; count++) {
    const owner = await createProvingClient(service)
    sessions.push({ owner, refreshToken: (await owner.login()).refreshToken })
  }
  service.clock.now += 10 * MINUTE
  for (const { owner, refreshToken } of sessions)
    assert.equal(wordOf(await owner.refresh(refreshToken)), '200')
})

async function logsIn(service: Pick<Service, 'url' | 'request'>, htu: string): Promise<string> {
  const client = await createProvingClient(service)
  return wordOf(await client.send('/api/auth/login', login, { htu }))
}

const INVALID = '401 invalid_dpop_proof'

test('PUBLIC_URL is the only URL of proofs, also with a prefix that a proxy removes', async (t) => {
  const service = await start(t, { publicUrl: 'https://example.com/auth' })
  assert.equal(await logsIn(service, 'https://example.com/auth/api/auth/login'), '200')
  assert.equal(await logsIn(service, 'https://EXAMPLE.com:443/auth/api/auth/login?a=b'), '200')
  for (const wrong of ['https://example.com/api/auth/login', 'http://example.com/auth/api/auth/login'])
    assert.equal(await logsIn(service, wrong), INVALID)
  assert.equal(await logsIn(service, `${service.url}/api/auth/login`), INVALID)
})

test('without PUBLIC_URL it is the host of the request, by http or https', async (t) => {
  const service = await start(t)
  const { host } = new URL(service.url)
  for (const scheme of ['http', 'https'])
    assert.equal(await logsIn(service, `${scheme}://${host}/api/auth/login`), '200')
  assert.equal(await logsIn(service, 'http://example.com/api/auth/login'), INVALID)
  assert.equal(await logsIn(service, `http://${host}/auth/api/auth/login`), INVALID)
})

test('below a path of another app, by mount() and by route()', async (t) => {
  const { core } = await start(t, { publicUrl: 'https://example.com/auth' })
  const pair = await generateKeyPair('ES256')
  const outer = {
    mount: new Hono().mount('/auth', createApp(core).fetch),
    route: new Hono().route('/auth', createApp(core)),
  }
  for (const [how, app] of Object.entries(outer)) {
    let nonce: string | undefined
    const send = async () => {
      const proof = await generateProof(pair, 'https://example.com/auth/api/auth/login', 'POST', nonce)
      const headers = { 'Content-Type': 'application/json', DPoP: proof }
      const answer = await app.request('/auth/api/auth/login', {
        ...{ method: 'POST', headers, body: JSON.stringify(login.json) },
      })
      nonce = answer.headers.get('DPoP-Nonce') ?? undefined
      return answer.status
    }
    assert.deepEqual([await send(), await send()], [401, 200], how)
  }
})

test('oauth4webapi refreshes and calls with its own proofs and nonces', async (t) => {
  const service = await start(t, { bindsAccessTokens: true })
  const pair = await oauth.generateKeyPair('ES256')
  const DPoP = oauth.DPoP({}, pair)
  const call = async (token: string, method: string, path: string): Promise<Response> => {
    const url = new URL(path, service.url)
    const options = { DPoP, [oauth.allowInsecureRequests]: true }
    const send = () => oauth.protectedResourceRequest(token, method, url, undefined, undefined, options)
    return send().catch((error) => {
      if (oauth.isDPoPNonceError(error)) return send()
      throw error
    })
  }
  const opened = await service.login()
  // It binds the session, and the access token of the answer.
  const refreshed = await call(opened.refreshToken, 'POST', '/refresh_token')
  const { data } = (await refreshed.json()) as { data: Record<string, string> }
  assert.equal(data['token_type'], 'DPoP')
  const me = await call(data['access_token'] ?? '', 'GET', '/api/auth/me')
  assert.equal(me.status, 200)
  const form = new URLSearchParams({ token: data['access_token'] ?? '' })
  const headers = { Authorization: `Bearer ${INTROSPECTION_TOKEN}` }
  const introspected = await fetch(`${service.url}/introspect`, { method: 'POST', headers, body: form })
  const { active, token_type, cnf } = (await introspected.json()) as Record<string, unknown>
  const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
  assert.deepEqual([active, token_type, cnf], [true, 'DPoP', { jkt }])
  service.clock.now += 20 * MINUTE
  assert.equal((await call(data['refresh_token'] ?? '', 'POST', '/refresh_token')).status, 200)
  assert.equal((await call(data['access_token'] ?? '', 'POST', '/api/auth/logout')).status, 200)
})
