/** Valid, mutated and hostile tokens, the same for the same seed. */
import { createHmac, sign } from 'node:crypto'
import { seededRandom } from '../../support/seeded-random.ts'
import { NOW_SECONDS } from '../forge.ts'
import type { KeyPair } from '../key-pairs.ts'

export const SECRETS = [
  'the current secret, of 32 bytes or so',
  'the one before it, still accepted here',
].map((secret) => Buffer.from(secret))
const FOREIGN = Buffer.from('the secret of somebody else, 32 bytes')
export const ISSUER = 'https://id.example'
export const AUDIENCE = 'api'

const TYPES = [
  'at+jwt',
  'rt+jwt',
  'AT+JWT',
  'application/at+jwt',
  'application/rt+JWT',
  'JWT',
  '',
  'a/at+jwt',
]
const ALGORITHMS = [
  'HS256',
  'HS256',
  'HS256',
  'none',
  'None',
  'hs256',
  'HS384',
  'HS512',
  'RS256',
  'ES256',
  '',
  5,
]
const HOSTILE: readonly unknown[] = [
  ...[undefined, null, true, 0, -1, 1.5, 2 ** 53, '', '0', 'é', '\u0000', [], {}, ['api'], [AUDIENCE, 1]],
  ...[NOW_SECONDS, NOW_SECONDS + 1, NOW_SECONDS - 1, NOW_SECONDS + 0.5, `${NOW_SECONDS + 60}`],
]
const CLAIMS = [
  'sub',
  'sid',
  'jti',
  'type',
  'generation',
  'iat',
  'exp',
  'nbf',
  'iss',
  'aud',
  '__proto__',
  'toString',
]

type Members = Record<string, unknown>

/** @param pairs signs with these, and not with secrets. @returns a function that makes the next token */
export function tokenMaker(seed: number, pairs?: readonly KeyPair[]): () => string {
  const random = seededRandom(seed)
  const chance = (share: number) => random() < share
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T

  function claims(): Members {
    const members: Members = { sub: 'user', sid: 'session', jti: 'id', type: 'access', generation: 7 }
    Object.assign(members, { iat: NOW_SECONDS, exp: NOW_SECONDS + pick([60, 60, 60, 1, 0, -1, -60]) })
    if (chance(0.8))
      Object.assign(members, { iss: ISSUER, aud: pick([AUDIENCE, AUDIENCE, ['other', AUDIENCE], 'other']) })
    while (chance(0.2)) members[pick(CLAIMS)] = pick(HOSTILE)
    while (chance(0.1)) delete members[pick(CLAIMS)]
    return members
  }

  function header(pair: KeyPair | undefined): Members {
    const { algorithm: alg = 'HS256', kid } = pair ?? {}
    const members: Members = { alg, typ: pick(['at+jwt', 'rt+jwt']), ...(kid !== undefined && { kid }) }
    if (pairs !== undefined && chance(0.1))
      members['kid'] = pick([...pairs.map((one) => one.kid), ...HOSTILE])
    if (pairs !== undefined && chance(0.1)) members['alg'] = pick(pairs.map((one) => one.algorithm))
    if (chance(0.1)) members['typ'] = pick([...TYPES, ...HOSTILE])
    if (chance(0.1)) members['alg'] = pick([...ALGORITHMS, ...HOSTILE])
    if (chance(0.05))
      Object.assign(members, { kid: pick(['1', '../key', '']), jku: 'https://evil.example', x5u: 'x' })
    if (chance(0.05)) members['jwk'] = { kty: 'oct', k: FOREIGN.toString('base64url') }
    if (chance(0.03)) members['crit'] = pick<unknown>([['b64'], ['exp'], [], 'b64', ['b64', 'b64'], [1]])
    if (chance(0.03)) members['b64'] = pick<unknown>([true, false, 'no'])
    return members
  }

  // White space, duplicate members, bytes that are not UTF-8, and values that are not objects.
  function json(members: Members): Buffer {
    const text = JSON.stringify(members)
    if (chance(0.9)) return Buffer.from(text)
    const twice = text.replace(
      '{',
      `{${JSON.stringify(pick(['alg', 'typ', 'exp', 'sub']))}:${JSON.stringify(pick(HOSTILE) ?? 1)},`,
    )
    const others = [
      twice,
      ` ${text}\n`,
      `\ufeff${text}`,
      '',
      '[]',
      'null',
      `[${text}]`,
      `"${text.length}"`,
      text.slice(0, -1),
    ]
    return chance(0.1)
      ? Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.of(0xff, 0x7d)])
      : Buffer.from(pick(others))
  }

  function signed(): string {
    const pair = pairs && pick(pairs)
    const input = [header(pair), claims()].map((members) => json(members).toString('base64url')).join('.')
    if (pairs !== undefined && pair !== undefined && chance(0.97))
      return `${input}.${signatureOf(chance(0.95) ? pair : pick(pairs), input)}`
    const secret: Buffer = chance(0.75) ? (SECRETS[0] as Buffer) : pick([...SECRETS, FOREIGN])
    const hash = chance(0.97) ? 'sha256' : pick(['sha384', 'sha512', 'sha1'])
    return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
  }

  function signatureOf({ privateKey: key, algorithm }: KeyPair, input: string): string {
    const dsaEncoding = chance(0.97) ? 'ieee-p1363' : 'der'
    const hash = algorithm === 'EdDSA' ? null : pick(['sha256', 'sha256', 'sha256', 'sha512'])
    return sign(hash, Buffer.from(input), { key, dsaEncoding }).toString('base64url')
  }

  // Spelt differently, cut, joined, or changed in any place.
  function mangled(token: string): string {
    const at = below(token.length)
    const end = pick(['=', '==', ' ', '\n', '\0', '.', '.x', '!', 'A', '\u00e9'])
    return pick([
      () => token.slice(0, at) + pick([...'ABCxyz019-_+/=. \n\0é']) + token.slice(at + 1),
      () => token.slice(0, at) + token.slice(at + 1),
      () => token.slice(0, at),
      () => token + end,
      () =>
        token
          .split('.')
          .map((part, index) => (index === at % 3 ? part + end : part))
          .join('.'),
      () => token.replaceAll('-', '+').replaceAll('_', '/'),
      // A different character with one byte in common
      () => token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) + 0x100) + token.slice(at + 1),
      () => token.split('.').slice(0, 2).join('.') + pick(['', '.']),
      () => token.split('.').toReversed().join('.'),
      () => `${token}.${token}`,
      () => pick(['', '.', '..', '...', 'x', ' '.repeat(at), 'a.b.c']),
    ])()
  }

  return () => (chance(0.7) ? signed() : mangled(signed()))
}
