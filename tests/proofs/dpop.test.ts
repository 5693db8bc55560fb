/** What of a DPoP proof is checked, by the RFC's own examples, npm `dpop`, and one change at a time. */
import assert from 'node:assert/strict'
import { createHash, createSecretKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair, generateProof } from 'dpop'
import { calculateJwkThumbprint } from 'jose'
import type { ProofExpectation } from '../../src/proofs/dpop.ts'
import { hashOf, verifyProof } from '../../src/proofs/dpop.ts'
import { readKey } from '../../src/proofs/jwk.ts'
import { createNonces } from '../../src/proofs/nonces.ts'

const URL_OF_REQUEST = 'https://auth.example.com/refresh_token'
const TOKEN = 'a token'
const expected: ProofExpectation = {
  method: 'POST',
  urls: [URL_OF_REQUEST],
  token: TOKEN,
  isFresh: ({ nonce }) => nonce === 'n',
}

// RFC 9449 §4.1 and §7.1: one key in both
const HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
const AT_TOKEN_ENDPOINT = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
const AT_RESOURCE = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'

test('the examples of RFC 9449', () => {
  const isFresh = ({ iat }: { iat: number }) => iat === 1_562_262_616 || iat === 1_562_262_618
  const atToken = { method: 'POST', urls: ['https://server.example.com/token'], isFresh }
  assert.deepEqual(verifyProof(AT_TOKEN_ENDPOINT, atToken), { outcome: 'valid', jkt: JKT })
  const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
  const urls = ['https://resource.example.org/protectedresource']
  const atResource = { method: 'GET', urls, isFresh, token, needsHash: true }
  assert.deepEqual(verifyProof(AT_RESOURCE, atResource), { outcome: 'valid', jkt: JKT })
  assert.deepEqual(verifyProof(AT_RESOURCE, { ...atResource, token: `${token}x` }), {
    outcome: 'invalid',
    fault: 'ath',
  })
})

for (const alg of ['ES256', 'Ed25519'] as const) {
  test(`npm dpop with ${alg}`, async () => {
    const pair = await generateKeyPair(alg, { extractable: true })
    const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const proof = await generateProof(pair, `${URL_OF_REQUEST}?a=b#c`, 'POST', 'n', TOKEN)
    const jkt = await calculateJwkThumbprint(jwk as never)
    assert.deepEqual(verifyProof(proof, { ...expected, needsHash: true }), { outcome: 'valid', jkt })
    const withoutNonce = await generateProof(pair, URL_OF_REQUEST, 'POST')
    assert.deepEqual(verifyProof(withoutNonce, expected), { outcome: 'stale' })
  })
}

test('npm dpop with RSA is refused', async () => {
  const pair = await generateKeyPair('RS256')
  const proof = await generateProof(pair, URL_OF_REQUEST, 'POST', 'n')
  assert.deepEqual(verifyProof(proof, expected), { outcome: 'invalid', fault: 'jwk' })
})

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' })
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Change {
  readonly header?: object
  readonly claims?: object
  readonly expected?: Partial<ProofExpectation>
  readonly text?: (proof: string) => string
}

function verifyChanged({ header, claims, expected: other, text = (proof) => proof }: Change) {
  const parts = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
    { jti: 'j', htm: 'POST', htu: URL_OF_REQUEST, iat: 0, nonce: 'n', ...claims },
  ]
  const input = parts.map(encoded).join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const verification = verifyProof(text(`${input}.${signature.toString('base64url')}`), {
    ...expected,
    ...other,
  })
  return verification.outcome === 'invalid' ? verification.fault : verification.outcome
}

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherJwk = other.publicKey.export({ format: 'jwk' })
const privateJwk = privateKey.export({ format: 'jwk' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
const symmetric = createSecretKey(Buffer.alloc(32)).export({ format: 'jwk' })

const rows: readonly (readonly [what: string, Change, outcome: string])[] = [
  ['as it should be', {}, 'valid'],
  ['another member of the header', { header: { kid: 'x' } }, 'valid'],
  ['with ath', { claims: { ath: hashOf(TOKEN) } }, 'valid'],
  [
    'the host in upper case, and the port of the scheme',
    { claims: { htu: 'https://AUTH.example.com:443/refresh_token' } },
    'valid',
  ],
  ['with a query', { claims: { htu: `${URL_OF_REQUEST}?x=1` } }, 'valid'],
  ['of any time', { claims: { iat: 2 ** 40 } }, 'valid'],
  ['without ath, where it is needed', { expected: { needsHash: true } }, 'ath'],
  ['ath of another token', { claims: { ath: hashOf('another') } }, 'ath'],
  ['ath of no token', { claims: { ath: hashOf('') } }, 'ath'],
  ['ath of another type', { claims: { ath: null } }, 'ath'],
  ['another typ', { header: { typ: 'JWT' } }, 'typ'],
  ['no typ', { header: { typ: undefined } }, 'typ'],
  ['alg none', { header: { alg: 'none' } }, 'alg'],
  ['alg HS256', { header: { alg: 'HS256' } }, 'alg'],
  ['alg of another key', { header: { alg: 'EdDSA' } }, 'alg'],
  ['no key', { header: { jwk: undefined } }, 'jwk'],
  ['a key that is no object', { header: { jwk: 'x' } }, 'jwk'],
  ['a private key', { header: { jwk: privateJwk } }, 'jwk'],
  ['a symmetric key', { header: { jwk: symmetric } }, 'jwk'],
  ['a key of another curve', { header: { jwk: p384 } }, 'jwk'],
  ['a key that is no point of the curve', { header: { jwk: { ...jwk, y: jwk.x } } }, 'jwk'],
  ['a key in another spelling', { header: { jwk: { ...jwk, x: `${jwk.x}=` } } }, 'jwk'],
  ['the key of somebody else', { header: { jwk: otherJwk } }, 'signature'],
  ['crit', { header: { crit: ['exp'] } }, 'form'],
  ['another method', { claims: { htm: 'GET' } }, 'htm'],
  ['the method in lower case', { claims: { htm: 'post' } }, 'htm'],
  ['another path', { claims: { htu: 'https://auth.example.com/api/auth/me' } }, 'htu'],
  ['another scheme', { claims: { htu: 'http://auth.example.com/refresh_token' } }, 'htu'],
  ['another host', { claims: { htu: 'https://evil.example/refresh_token' } }, 'htu'],
  ['another port', { claims: { htu: 'https://auth.example.com:8443/refresh_token' } }, 'htu'],
  ['a path only', { claims: { htu: '/refresh_token' } }, 'htu'],
  ['a URL of another type', { claims: { htu: [URL_OF_REQUEST] } }, 'htu'],
  ['no jti', { claims: { jti: undefined } }, 'claims'],
  ['an empty jti', { claims: { jti: '' } }, 'claims'],
  ['a long jti', { claims: { jti: 'j'.repeat(257) } }, 'claims'],
  ['no iat', { claims: { iat: undefined } }, 'claims'],
  ['iat as a text', { claims: { iat: '0' } }, 'claims'],
  ['a nonce of another type', { claims: { nonce: 1 } }, 'claims'],
  ['no nonce', { claims: { nonce: undefined } }, 'stale'],
  ['another nonce', { claims: { nonce: 'm' } }, 'stale'],
  ['two parts', { text: (proof) => proof.slice(0, proof.lastIndexOf('.')) }, 'form'],
  ['an empty signature', { text: (proof) => proof.slice(0, proof.lastIndexOf('.') + 1) }, 'form'],
  ['a short signature', { text: (proof) => proof.slice(0, -4) }, 'signature'],
  ['a signature of zeros', { text: (proof) => proof.replace(/[^.]+$/, 'A'.repeat(86)) }, 'signature'],
  ['not JSON', { text: (proof) => proof.replace(/^[^.]+/, 'AAAA') }, 'form'],
  ['more than 2 KiB', { claims: { x: 'x'.repeat(2048) } }, 'size'],
  ['nothing', { text: () => '' }, 'form'],
]
for (const [what, change, outcome] of rows)
  test(`a proof ${what}: ${outcome}`, () => assert.equal(verifyChanged(change), outcome))

test('the thumbprint does not depend on the order of members, nor on others', () => {
  const { kty, crv, x, y } = jwk
  const digest = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  for (const spelling of [
    { y, x, kty, crv },
    { kty, crv, x, y, kid: 'a', use: 'sig' },
  ])
    assert.equal(readKey(spelling)?.thumbprint, digest)
})

const secret = createSecretKey(Buffer.alloc(32, 1))
const MINUTE = 60_000

test('a nonce holds for two to four minutes, in all processes with the secret', () => {
  const [nonces, others] = [createNonces([secret]), createNonces([createSecretKey(Buffer.alloc(32, 2))])]
  const start = 2 * MINUTE * 1000
  const nonce = nonces.current(start)
  assert.match(nonce, /^[\w-]{43}$/)
  for (const [now, isRecent] of [
    [start, true],
    [start + 4 * MINUTE - 1, true],
    [start + 4 * MINUTE, false],
    [start - 1, true],
    [start - 2 * MINUTE - 1, false],
  ] as const) {
    assert.equal(createNonces([secret]).isRecent(nonce, now), isRecent, String(now - start))
    assert.equal(others.isRecent(nonce, now), false)
  }
  assert.equal(nonces.isRecent(undefined, start), false)
  assert.equal(nonces.isRecent('', start), false)
})

test('while a secret is replaced, nonces of the previous one hold', () => {
  const next = createSecretKey(Buffer.alloc(32, 3))
  const [before, after] = [createNonces([secret]), createNonces([next, secret])]
  assert.equal(after.isRecent(before.current(0), 0), true)
  assert.notEqual(after.current(0), before.current(0))
})
