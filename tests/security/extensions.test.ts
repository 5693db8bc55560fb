import { createCipheriv, randomBytes } from 'node:crypto'
import { SECRET } from '../support/service.ts'
import { base64url, decode, forge, hmac, parts, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

/** RFC 7516: a token that is encrypted, with the secret as its key. Its five parts are right. */
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
  (token) => {
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
