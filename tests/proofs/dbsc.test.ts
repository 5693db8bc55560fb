/** The texts of device bound sessions: what is accepted, to the millisecond, and what is not. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { deviceProof } from '../../src/conform/provocations/devices.ts'
import {
  boundCookieOf,
  challengeFor,
  deviceOf,
  identifierOf,
  keyOfCookie,
  sessionOfChallenge,
  thumbprintOf,
} from '../../src/proofs/dbsc.ts'
import { readProof } from '../../src/proofs/dbsc-proof.ts'
import { createTokenKeys } from '../../src/tokens/keys.ts'
import { MINUTE, SECRET, STRONG_SECRET } from '../support/service.ts'

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0, 0)
const SLOT = 10 * MINUTE

const keysOf = (current: Uint8Array, ...previous: Uint8Array[]) =>
  createTokenKeys({ current, previous, issuer: undefined, audience: undefined }).refresh
const keys = keysOf(SECRET)
const strong = Buffer.from(STRONG_SECRET)

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = pair.publicKey.export({ format: 'jwk' })
const coordinates = { x: String(jwk.x), y: String(jwk.y) }
const device = { sessionId: 'a-session', ...coordinates }

test('a challenge comes back for ten minutes at least, and for twenty at most', () => {
  const challenge = challengeFor(keys, 'refresh', 'a-session', NOW)
  const at = (now: number) => sessionOfChallenge(keys, 'refresh', challenge, now)
  assert.equal(NOW % SLOT, 0)
  assert.deepEqual([NOW, NOW + SLOT, NOW + 2 * SLOT - 1, NOW + 2 * SLOT].map(at), [
    'a-session',
    'a-session',
    'a-session',
    undefined,
  ])
  // The clock of another process is behind.
  assert.deepEqual([NOW - SLOT, NOW - SLOT - 1].map(at), ['a-session', undefined])
})

test('a challenge is of one session, one purpose and this service', () => {
  const challenge = challengeFor(keys, 'refresh', 'a-session', NOW)
  assert.equal(sessionOfChallenge(keys, 'registration', challenge, NOW), undefined)
  assert.equal(sessionOfChallenge(keysOf(strong), 'refresh', challenge, NOW), undefined)
  assert.equal(sessionOfChallenge(keys, 'refresh', challenge.replace('a-', 'b-'), NOW), undefined)
  for (const text of ['', '.', '..', 'a.b.c', `${challenge}.x`.slice(1), challenge.slice(0, -1)])
    assert.equal(sessionOfChallenge(keys, 'refresh', text, NOW), undefined, text)
})

test('a bound cookie proves its key for ten minutes, and only for its session', () => {
  const cookie = boundCookieOf(keys, device, NOW)
  const jkt = thumbprintOf(device)
  const at = (now: number, sessionId = 'a-session') => keyOfCookie(keys, cookie, sessionId, now)
  assert.deepEqual([at(NOW), at(NOW + SLOT - 1), at(NOW + SLOT)], [jkt, jkt, undefined])
  assert.equal(at(NOW, 'another'), undefined)
  assert.equal(at(NOW - SLOT - 1), undefined, 'from a clock that is far ahead')
  const [until, key = '', mac] = cookie.split('.')
  const otherKey = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')
  assert.equal(keyOfCookie(keys, [Number(until) + 1, key, mac].join('.'), 'a-session', NOW), undefined)
  assert.equal(keyOfCookie(keys, [until, otherKey, mac].join('.'), 'a-session', NOW), undefined)
  assert.equal(keyOfCookie(keys, `${until}.${key}`, 'a-session', NOW), undefined)
})

test('all are accepted after the secret was replaced, while the previous one verifies', () => {
  const both = keysOf(strong, SECRET)
  assert.ok(sessionOfChallenge(both, 'refresh', challengeFor(keys, 'refresh', 'a-session', NOW), NOW))
  assert.ok(keyOfCookie(both, boundCookieOf(keys, device, NOW), 'a-session', NOW))
  assert.equal(deviceOf(both, identifierOf(keys, device))?.isIssued, true)
})

test('an identifier has the key, and tells whether it was issued here', () => {
  const identifier = identifierOf(keys, device)
  assert.deepEqual(deviceOf(keys, identifier), { ...device, isIssued: true })
  assert.equal(deviceOf(keysOf(strong), identifier)?.isIssued, false)
  const forged = [...identifier.split('.').slice(0, 3), 'A'.repeat(43)].join('.')
  assert.equal(deviceOf(keys, forged)?.isIssued, false)
  for (const text of [
    '',
    'a-session',
    'a.b.c.d',
    `.${device.x}.${device.y}.${device.x}`,
    `a.${device.x}.${device.y}.m"`,
  ])
    assert.equal(deviceOf(keys, text), undefined, text)
})

test('the thumbprint is that of RFC 7638', async () => {
  assert.equal(thumbprintOf(device), await calculateJwkThumbprint(jwk as never))
})

const byJose = (header: object, claims: Record<string, unknown> = { jti: 'a challenge' }) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dbsc+jwt', ...header }).sign(pair.privateKey)

test('a proof by jose is read: at a registration with its key, at a refresh with the known one', async () => {
  const registration = readProof(await byJose({ jwk }))
  assert.deepEqual(registration, { challenge: 'a challenge', key: coordinates })
  assert.deepEqual(readProof(await byJose({}), coordinates), { challenge: 'a challenge', key: undefined })
})

test('a proof is refused for each fault', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const good = await byJose({ jwk })
  const [header, claims, signature = ''] = good.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const faults: Readonly<Record<string, string>> = {
    'no key': await byJose({}),
    'another key': await byJose({ jwk: other }),
    'a private key': await byJose({ jwk: { ...jwk, d: jwk.x } }),
    'a point that is not on the curve': await byJose({ jwk: { ...jwk, y: jwk.x } }),
    'another curve': await byJose({ jwk: { ...jwk, crv: 'P-384' } }),
    'another typ': await byJose({ jwk, typ: 'dpop+jwt' }),
    'an extension': deviceProof('a challenge', { jwk, crit: ['x'] }, pair.privateKey),
    'no algorithm': `${encode({ alg: 'none', typ: 'dbsc+jwt', jwk })}.${claims}.`,
    'no challenge': await byJose({ jwk }, {}),
    'a challenge that is no text': await byJose({ jwk }, { jti: 1 as never }),
    'another challenge': `${header}.${encode({ jti: 'another' })}.${signature}`,
    'a short signature': `${header}.${claims}.${signature.slice(0, -2)}`,
    'no JSON': `AAAA.${claims}.${signature}`,
    'no object': `${encode([])}.${claims}.${signature}`,
    'very long': await byJose({ jwk }, { jti: 'x'.repeat(5000) }),
    'no JWT': 'a proof',
    nothing: '',
  }
  for (const [what, proof] of Object.entries(faults)) assert.equal(readProof(proof), undefined, what)
  assert.equal(readProof(good, coordinates), undefined, 'a key in the header of a refresh')
  assert.equal(readProof(deviceProof('a challenge'), coordinates), undefined, 'not the known key')
})
