import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync, sign } from 'node:crypto'
import { SECRET } from '../support/service.ts'
import { base64url, decode, forge, hmac, parts, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ED = generateKeyPairSync('ed25519')

const pem = (key: KeyObject) => Buffer.from(key.export({ type: 'spki', format: 'pem' }))

attack('RFC 8725 §3.1, CVE-2016-10555: other algorithms, and keys taken for others', (token) => {
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
    { what: 'a list', token: forge({ ...header, alg: ['HS256'] }, claims) },
    {
      what: 'the secret in base64 as the key',
      token: signParts(base64url(header), payload, Buffer.from(SECRET.toString('base64'))),
    },
  ]
})
