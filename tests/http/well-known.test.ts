/** What is below `/.well-known`, and claims that come with `PUBLIC_URL`. */
import assert from 'node:assert/strict'
import { startSigning } from '../keys/service.ts'
import { test } from '../support/database.ts'
import { startService } from '../support/service.ts'
import { claimsOf } from '../support/tokens.ts'

const publicUrl = 'https://id.example.com/auth'
const METADATA = '/.well-known/oauth-authorization-server'

test('the key set may be kept for five minutes, and is asked for again by its tag', async (t) => {
  const service = await startSigning(t, 'ES256')
  const first = await service.request('/.well-known/jwks.json')
  assert.equal(first.headers.get('Cache-Control'), 'public, max-age=300')
  for (const key of first.body.keys)
    assert.deepEqual(Object.keys(key), ['kid', 'kty', 'alg', 'use', 'crv', 'x', 'y'])
  const headers = { 'If-None-Match': String(first.headers.get('ETag')) }
  assert.equal((await service.request('/.well-known/jwks.json', { headers })).status, 304)
  service.clock.now += 91 * 86_400_000
  await service.core.signingKeys.update()
  assert.equal((await service.request('/.well-known/jwks.json', { headers })).status, 200)
})

test('the metadata names the issuer of the tokens, and is not there for another one', async (t) => {
  const service = await startService(t, { publicUrl, issuer: publicUrl, clientId: 'web' })
  const { body } = await service.request(METADATA)
  assert.equal(body.issuer, publicUrl)
  assert.equal(body.jwks_uri, `${publicUrl}/.well-known/jwks.json`)
  assert.equal(body.revocation_endpoint, `${publicUrl}/revoke`)
  assert.deepEqual(body.revocation_endpoint_auth_methods_supported, ['none'])
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  assert.deepEqual([claimsOf(accessToken)['iss'], claimsOf(accessToken)['client_id']], [publicUrl, 'web'])
  assert.equal(claimsOf(refreshToken)['client_id'], undefined)
  const other = await startService(t, { publicUrl, issuer: 'rekindle' })
  assert.equal((await other.request(METADATA)).status, 404)
})

test('the metadata names introspection while it is on', async (t) => {
  const settings = { publicUrl, issuer: publicUrl }
  const on = (await (await startService(t, settings)).request(METADATA)).body
  assert.equal(on.introspection_endpoint, `${publicUrl}/introspect`)
  assert.deepEqual(on.introspection_endpoint_auth_methods_supported, ['Bearer', 'client_secret_basic'])
  const secrets = { introspection: undefined }
  const off = await startService(t, settings, undefined, undefined, secrets)
  assert.deepEqual(
    Object.keys((await off.request(METADATA)).body).filter((name) => name.startsWith('introspection')),
    [],
  )
})

test('PUBLIC_URL, set on a service that runs, logs nobody out; JWT_ISSUER is strict', async (t) => {
  const before = await startService(t)
  await before.register()
  const { accessToken, refreshToken } = await before.login()
  const { database, clock } = before
  const strict = await startService(t, { database, issuer: publicUrl }, clock)
  assert.equal((await strict.request('/api/auth/me', { bearer: accessToken })).status, 401)
  const after = await startService(t, { database, publicUrl, issuer: publicUrl }, clock)
  assert.equal((await after.request('/api/auth/me', { bearer: accessToken })).status, 200)
  const { status, body } = await after.refresh(refreshToken)
  assert.equal(status, 200)
  assert.equal(claimsOf(body.data.access_token)['iss'], publicUrl)
  // Of another issuer, with the same secret
  const foreign = await startService(t, { database, issuer: 'https://other.example' }, clock)
  const { accessToken: theirs } = await foreign.login()
  assert.equal((await after.request('/api/auth/me', { bearer: theirs })).status, 401)
})
