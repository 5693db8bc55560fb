import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld } from '../support/world.ts'
import { base64url, decode, forge, parts, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

// Nearly all that a header may have, and a body too.
const LENGTH = 14_000

attack('CWE-400: as much as a request may hold', (token) => {
  const { header, payload: claims } = decode(token)
  const [head, payload, signature] = parts(token)
  const much = 'x'.repeat(LENGTH)
  const deep = '['.repeat(LENGTH / 3) + ']'.repeat(LENGTH / 3)
  return [
    { what: 'a header', token: `${much}.${payload}.${signature}` },
    { what: 'a payload', token: `${head}.${much}.${signature}` },
    { what: 'a signature', token: `${head}.${payload}.${much}` },
    { what: 'dots', token: '.'.repeat(LENGTH) },
    { what: 'tokens', token: Array(30).fill(token).join('.') },
    { what: 'no parts at all', token: much },
    { what: 'a deep header, signed', token: signParts(base64url(deep), payload) },
    { what: 'a deep payload, signed', token: signParts(head, base64url(deep)) },
    { what: 'an id of this length, signed', token: forge(header, { ...claims, sub: 'x'.repeat(9000) }) },
  ]
})

test('more than a request may hold: 431 or 413, at once, and the token is as good as before', async (t) => {
  const { service, refreshToken, accessToken } = await startWorld(t)
  const much = 'x'.repeat(10_000_000)
  const begun = performance.now()
  for (const headers of [
    { Authorization: `Bearer ${much.slice(0, 60_000)}` },
    { Cookie: `refresh_token=${much.slice(0, 60_000)}` },
  ]) {
    assert.equal((await service.request('/refresh_token', { method: 'POST', headers })).status, 431)
  }
  assert.equal((await service.exchange(much.slice(0, 20_000))).status, 413)
  assert.equal((await service.exchange(`${accessToken}${much}`)).status, 413)
  const taken = performance.now() - begun
  assert.ok(taken < 3000, `${taken} ms`)
  assert.equal((await service.refresh(refreshToken)).status, 200)
})
