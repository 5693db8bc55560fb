/** Forgeries of the header: `alg`, keys, extensions. */
import type { KeyObject } from 'node:crypto'
import { createCipheriv, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { SECRET } from '../../support/values.ts'
import { base64url, decode, FOREIGN_SECRET, forge, hmac, parts, signParts } from '../forge.ts'
import { attack } from './attack.ts'

const SPELLINGS = [
  'none',
  'None',
  'NONE',
  'nOnE',
  'none ',
  ' none',
  'none\0',
  'n\u043ene',
  '',
  null,
  false,
  0,
  [],
  ['none'],
  {},
]

attack('RFC 8725 §2.1, CVE-2015-9235: `alg` none', ({ token }) => {
  const { header } = decode(token)
  const [, payload, signature] = parts(token)
  const { alg: _, ...without } = header
  const headers = [...SPELLINGS.map((alg) => ({ ...header, alg })), without, { alg: 'none' }]
  return headers.flatMap((forged) => {
    const head = base64url(forged)
    const what = JSON.stringify(forged)
    return [
      { what: `${what}, no signature`, token: `${head}.${payload}.` },
      { what: `${what}, two parts`, token: `${head}.${payload}` },
      { what: `${what}, a byte for a signature`, token: `${head}.${payload}.AA` },
      { what: `${what}, the live signature`, token: `${head}.${payload}.${signature}` },
      { what: `${what}, signed with the secret`, token: `${head}.${payload}.${hmac(`${head}.${payload}`)}` },
    ]
  })
})

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ED = generateKeyPairSync('ed25519')

const pem = (key: KeyObject) => Buffer.from(key.export({ type: 'spki', format: 'pem' }))

attack('RFC 8725 §3.1, CVE-2016-10555: other algorithms, and keys taken for others', ({ token }) => {
  const { header, payload: claims } = decode(token)
  const [, payload] = parts(token)
  const signed = (alg: string, make: (input: string) => string) => {
    const input = `${base64url({ ...header, alg })}.${payload}`
    return { what: alg, token: `${input}.${make(input)}` }
  }
  const asymmetric = (key: KeyObject, hash: string | null) => (input: string) =>
    sign(hash, Buffer.from(input), key).toString('base64url')
  const spellings = ['hs256', 'Hs256', 'HS256 ', 'HS-256', 'HMAC', 'sha256', 'HS256\0', 'ＨＳ256']
  return [
    signed('HS384', (input) => hmac(input, SECRET, 'sha384')),
    signed('HS512', (input) => hmac(input, SECRET, 'sha512')),
    signed('HS1', (input) => hmac(input, SECRET, 'sha1')),
    signed('RS256', asymmetric(RSA.privateKey, 'sha256')),
    signed('ES256', asymmetric(EC.privateKey, 'sha256')),
    signed('EdDSA', asymmetric(ED.privateKey, null)),
    ...['RS256', 'PS256', 'ES256', 'EdDSA', 'HS384'].map((alg) => ({
      what: `called ${alg}, signed with the secret`,
      token: forge({ ...header, alg }, claims),
    })),
    ...[RSA, EC, ED].map(({ publicKey }) => ({
      what: 'HS256 with a public key as the secret',
      token: forge(header, claims, pem(publicKey)),
    })),
    ...spellings.map((alg) => ({ what: JSON.stringify(alg), token: forge({ ...header, alg }, claims) })),
    { what: 'HS256 in the header, SHA-512 in the signature', token: forge(header, claims, SECRET, 'sha512') },
    { what: 'HS256 in the header, SHA-384 in the signature', token: forge(header, claims, SECRET, 'sha384') },
    { what: 'a list', token: forge({ ...header, alg: ['HS256'] }, claims) },
    ...[[], null, 'HS256', '{', { alg: 'HS256' }].map((none) => ({
      what: `the header ${JSON.stringify(none)}`,
      token: forge(none, claims),
    })),
    {
      what: 'the secret in base64 as the key',
      token: signParts(base64url(header), payload, Buffer.from(SECRET.toString('base64'))),
    },
  ]
})

const EMPTY = Buffer.alloc(0)
const OCT = { kty: 'oct', k: FOREIGN_SECRET.toString('base64url'), alg: 'HS256' }
const KIDS = [
  '',
  '0',
  'unknown',
  '../../../../dev/null',
  "' union select 'x' -- ",
  '| id',
  null,
  0,
  {},
  ['a'],
]

attack(
  'RFC 8725 §3.10, CVE-2018-0114: a key that the token itself brings, names or points to',
  ({ token, keyUrl }) => {
    const { header, payload: claims } = decode(token)
    const [, payload, signature] = parts(token)
    const rsaHead = base64url({ ...header, alg: 'RS256', jwk: RSA.publicKey.export({ format: 'jwk' }) })
    const members: readonly Record<string, unknown>[] = [
      ...KIDS.map((kid) => ({ kid })),
      { jwk: OCT },
      { jwk: OCT, kid: 'mine' },
      { jku: keyUrl },
      { jku: keyUrl, kid: 'mine' },
      { x5u: keyUrl },
      { x5c: [RSA.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
      { x5t: 'x', 'x5t#S256': 'x' },
    ]
    return [
      ...members.flatMap((more) => {
        const what = JSON.stringify(more)
        return [
          {
            what: `${what}, the live signature`,
            token: `${base64url({ ...header, ...more })}.${payload}.${signature}`,
          },
          { what: `${what}, an empty key`, token: forge({ ...header, ...more }, claims, EMPTY) },
          {
            what: `${what}, the key it brings`,
            token: forge({ ...header, ...more }, claims, FOREIGN_SECRET),
          },
          { what: `${what}, the secret`, token: forge({ ...header, ...more }, claims) },
        ]
      }),
      {
        what: 'an RSA key and its signature',
        token: `${rsaHead}.${payload}.${sign('sha256', Buffer.from(`${rsaHead}.${payload}`), RSA.privateKey).toString('base64url')}`,
      },
    ]
  },
)

/** RFC 7516: an encrypted token, with the secret as its key. Its five parts are correct. */
function encrypted(plaintext: string, header: object): string {
  const head = base64url(header)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', SECRET.subarray(0, 32), iv).setAAD(Buffer.from(head))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return [head, '', ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
    '.',
  )
}

attack(
  'RFC 7515 §4.1.11, RFC 7797 §6, CVE-2022-39227: `crit`, `b64`, JWE, and other forms of a JWS',
  ({ token }) => {
    const { header, payload: claims } = decode(token)
    const [head, payload, signature] = parts(token)
    const text = JSON.stringify(claims)
    const members: readonly Record<string, unknown>[] = [
      { crit: [] },
      { crit: ['exp'], exp: 1 },
      { crit: ['b64'], b64: true },
      { crit: ['b64'], b64: false },
      { b64: false },
      { b64: true },
      { crit: 'exp' },
      { crit: null },
      { crit: ['http://openbanking.org.uk/iat'], 'http://openbanking.org.uk/iat': 1 },
      { zip: 'DEF' },
      { cty: 'JWT' },
      { enc: 'A256GCM' },
      { unheard: 'of' },
    ]
    const unencoded = base64url({ ...header, b64: false, crit: ['b64'] })
    return [
      ...members.map((more) => ({
        what: JSON.stringify(more),
        token: forge({ ...header, ...more }, claims),
      })),
      { what: 'a payload as it stands', token: `${unencoded}.${text}.${hmac(`${unencoded}.${text}`)}` },
      { what: 'a payload apart (RFC 7515 appendix F)', token: `${head}..${signature}` },
      { what: 'JWE', token: encrypted(text, { alg: 'dir', enc: 'A256GCM', typ: header['typ'] }) },
      {
        what: 'JWE around a good token',
        token: encrypted(token, { alg: 'dir', enc: 'A256GCM', cty: 'JWT' }),
      },
      {
        what: 'a token in a token',
        token: signParts(base64url({ ...header, cty: 'JWT' }), base64url(token)),
      },
      {
        what: 'both forms in one',
        token: JSON.stringify({
          [`${head}.${base64url({ ...claims, sub: 'x' })}.`]: '',
          protected: head,
          payload,
          signature,
        }),
      },
      { what: 'JWS as JSON', token: JSON.stringify({ payload, protected: head, signature }) },
      {
        what: 'JWS as JSON, general',
        token: JSON.stringify({ payload, signatures: [{ protected: head, signature }] }),
      },
    ]
  },
)
