/** Tokens as PyJWT, Flask-JWT-Extended, jsonwebtoken and others read them: plain HS256 over plain claims. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signAccessToken } from '../../src/tokens/access-token.ts'
import { signRefreshToken } from '../../src/tokens/refresh-token.ts'
import { SECRET } from '../support/service.ts'
import { decode, FOREIGN_SECRET, forge, hmac, NOW, OLD_SECRET, parts, tokensWith } from './forge.ts'
import { kinds, names } from './kinds.ts'

for (const name of names) {
  const kind = kinds[name]

  test(`${name}: header, claims and signature, seen with node:crypto`, async () => {
    const text = await kind.sign(await tokensWith())
    const { header, payload, signature } = decode(text)
    assert.deepEqual(header, kind.header)
    assert.deepEqual(payload, kind.claims)
    for (const claim of ['sub', 'sid', 'jti', 'type']) assert.equal(typeof payload[claim], 'string', claim)
    for (const claim of ['iat', 'exp']) assert.ok(Number.isInteger(payload[claim]), claim)
    const [first, second] = parts(text)
    assert.equal(signature, hmac(`${first}.${second}`, SECRET))
    assert.match(text, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/)
  })

  test(`${name}: what node:crypto signs is verified, and comes back as it was signed`, async () => {
    const tokens = await tokensWith()
    const expected = { outcome: 'valid', token: kind.token }
    assert.deepEqual(await kind.verify(tokens, forge(kind.header, kind.claims), NOW), expected)
    assert.deepEqual(await kind.verify(tokens, await kind.sign(tokens), NOW), expected)
  })

  test(`${name}: issuer and audience are written when they are set, and only then`, async () => {
    const tokens = await tokensWith({ issuer: 'https://id.example', audience: 'api' })
    const text = await kind.sign(tokens)
    assert.deepEqual(decode(text).payload, { ...kind.claims, iss: 'https://id.example', aud: 'api' })
    assert.deepEqual(await kind.verify(tokens, text, NOW), { outcome: 'valid', token: kind.token })
  })

  test(`${name}: the current key signs, the ones before it only verify`, async () => {
    const before = await tokensWith({ current: OLD_SECRET })
    const now = await tokensWith({ previous: [FOREIGN_SECRET, OLD_SECRET] })
    const old = await kind.sign(before)
    assert.deepEqual(await kind.verify(now, old, NOW), { outcome: 'valid', token: kind.token })
    assert.equal((await kind.verify(now, old, kind.token.expiresAt)).outcome, 'expired')

    const text = await kind.sign(now)
    const [header, payload, signature] = parts(text)
    assert.equal(signature, hmac(`${header}.${payload}`, SECRET))
    assert.deepEqual(await kind.verify(before, text, NOW), { outcome: 'invalid' })
    assert.deepEqual(await kind.verify(await tokensWith(), old, NOW), { outcome: 'invalid' })
  })
}

test('a refresh token is a pure function of its arguments: the same bytes each time', async () => {
  const token = {
    userId: 'user',
    sessionId: 'session',
    generation: 3,
    issuedAt: NOW,
    expiresAt: NOW + 1000,
  }
  const texts = new Set<string>()
  for (let count = 0; count < 100; count++) {
    texts.add(
      await signRefreshToken(await tokensWith({ previous: count % 2 === 0 ? [] : [OLD_SECRET] }), token),
    )
  }
  assert.equal(texts.size, 1)
  const others = [
    { ...token, generation: 4 },
    { ...token, sessionId: 'another' },
    { ...token, userId: 'another' },
    { ...token, issuedAt: NOW + 1000 },
    { ...token, expiresAt: NOW + 2000 },
  ]
  for (const changed of others) texts.add(await signRefreshToken(await tokensWith(), changed))
  assert.equal(texts.size, 1 + others.length)
})

test('times are cut to whole seconds, never rounded up', async () => {
  const tokens = await tokensWith()
  const token = { id: 'a', userId: 'b', sessionId: 'c', generation: 0, issuedAt: 1999, expiresAt: 3999 }
  const { payload } = decode(await signAccessToken(tokens, token))
  assert.deepEqual([payload['iat'], payload['exp']], [1, 3])
})

test('names that are not ASCII come back as they were', async () => {
  const tokens = await tokensWith()
  const token = { ...kinds.access.token, userId: 'Übermut 😀', sessionId: 'a\u200bb' }
  const verification = await kinds.access.verify(tokens, await signAccessToken(tokens, token), NOW)
  assert.deepEqual(verification, { outcome: 'valid', token })
})

test('the generation of an access token, and that of one without it: 0', async () => {
  const tokens = await tokensWith()
  for (const generation of [0, 1, 7, Number.MAX_SAFE_INTEGER]) {
    const token = { ...kinds.access.token, generation }
    const text = await signAccessToken(tokens, token)
    assert.equal(decode(text).payload['generation'], generation === 0 ? undefined : generation)
    assert.deepEqual(await kinds.access.verify(tokens, text, NOW), { outcome: 'valid', token })
  }
})
