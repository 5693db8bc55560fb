/**
 * JSON Web Tokens in a single form: compact, canonical base64url, HS256 or the algorithm of a key pair. This uses
 * node:crypto because WebCrypto switches threads for each signature. Tests compare it with jose. See
 * `docs/adr/0013-hs256-by-node-crypto.md` and `docs/adr/0052-public-keys.md`.
 */
import type { KeyObject } from 'node:crypto'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { isSignedBy, signWith } from './algorithms.ts'
import type { SecretKeys, Signer, TokenKeys } from './keys.ts'

/** Registered claims (RFC 7519 §4.1) and ours. */
export type Claims = Readonly<Record<string, unknown>>

/** An `expired` token passed every check except that of `exp`. */
export type Verification =
  | { readonly outcome: 'valid' | 'expired'; readonly payload: Claims }
  | { readonly outcome: 'invalid' }

const INVALID = { outcome: 'invalid' } as const

export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

// RFC 7518 §3.2
const hs256 = (key: KeyObject, input: string) => createHmac('sha256', key).update(input).digest('base64url')

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

// `at+jwt` is from RFC 9068 §2.1; `rt+jwt` follows its example. Headers are encoded once, because `verify` compares
// them as text. It parses only headers that are written differently.
const HEADERS = {
  'at+jwt': encoded({ alg: 'HS256', typ: 'at+jwt' }),
  'rt+jwt': encoded({ alg: 'HS256', typ: 'rt+jwt' }),
}
export type Typ = keyof typeof HEADERS

/** @param signer of an access token; refresh tokens are always signed with the secret */
export function sign(keys: TokenKeys, typ: Typ, claims: Claims, signer: Signer = 'secret'): string {
  const payload = encoded({ ...claims, iss: keys.issuer, aud: keys.audience })
  if (signer === 'secret') {
    const input = `${HEADERS[typ]}.${payload}`
    return `${input}.${hs256((typ === 'rt+jwt' ? keys.refresh : keys.secret).current, input)}`
  }
  const { algorithm, kid, privateKey } = signer
  const input = `${encoded({ alg: algorithm, typ, kid })}.${payload}`
  return `${input}.${signWith(algorithm, privateKey, input)}`
}

/**
 * Whether a claim can be an id of ours or of an application that shares the secret. Both databases must be able to
 * store and index it: PostgreSQL cannot store U+0000, and neither distinguishes lone surrogates.
 */
export const isId = (claim: unknown): claim is string =>
  typeof claim === 'string' && claim.length <= 512 && !claim.includes('\0') && claim.isWellFormed()

/** Whether a claim can be `cnf` of a token that is bound to a key (RFC 9449 §6), or none. */
export const isConfirmation = (claim: unknown): claim is { readonly jkt: string } | undefined =>
  claim === undefined || /^[\w-]{43}$/.test(String((claim as { jkt?: unknown } | null)?.jkt))

/** Whether a claim can be the number of a session's rotations. */
export const isGeneration = (claim: unknown): claim is number =>
  Number.isSafeInteger(claim) && Number(claim) >= 0

// The largest time that a Date can hold
const LAST_SECOND = 8_640_000_000_000

/**
 * Converts `exp` or `iat` to whole milliseconds. RFC 7519 §2 allows fractions.
 *
 * @returns undefined for an invalid time
 */
export function milliseconds(claim: unknown): number | undefined {
  return typeof claim === 'number' && Math.abs(claim) <= LAST_SECOND ? Math.floor(claim * 1000) : undefined
}

// Milliseconds. Users stay logged in when a server's clock is wrong by an hour or by a time zone.
const MAX_CLOCK_SKEW = 86_400_000

/**
 * Converts `iat` to whole milliseconds.
 *
 * @param now milliseconds since the epoch
 * @returns undefined for an invalid time, and for one more than a day in the future
 */
export function plausibleIssuedAt(claim: unknown, now: number): number | undefined {
  const issuedAt = milliseconds(claim)
  return issuedAt === undefined || issuedAt > now + MAX_CLOCK_SKEW ? undefined : issuedAt
}

export interface Expected {
  readonly typ: Typ
  readonly requiredClaims: readonly string[]
}

// RFC 7515 §7.1: three parts in the alphabet of base64url (§2)
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/**
 * Checks the signature, then the claims, and `exp` last. The header only names a key: which algorithm that key has is not
 * read from the token.
 *
 * @param now milliseconds since the epoch
 */
export function verify(keys: TokenKeys, token: string, expected: Expected, now: number): Verification {
  const [, header, payload, signature] = COMPACT.exec(token) ?? []
  if (header === undefined || payload === undefined || signature === undefined) return INVALID
  const input = token.slice(0, -signature.length - 1)
  if (!isAuthentic(keys, expected.typ, header, input, signature, now)) return INVALID

  const claims = parsed(payload)
  if (claims === undefined || !areAcceptable(keys, claims, expected, seconds(now))) return INVALID
  const { exp } = claims
  return { outcome: Number(exp) > seconds(now) ? 'valid' : 'expired', payload: claims }
}

function isAuthentic(
  keys: TokenKeys,
  typ: Typ,
  header: string,
  input: string,
  signature: string,
  now: number,
): boolean {
  const isUsual = header === HEADERS[typ]
  const { alg, typ: given, kid, ...others } = isUsual ? { alg: 'HS256', typ } : (parsed(header) ?? {})
  if (!isTyped(typ, given) || Object.keys(others).length > 0) return false
  if (kid === undefined) {
    // RFC 8725 §3.1: a secret is a key of HS256 and of nothing else.
    if (alg !== 'HS256') return false
    if (typ === 'rt+jwt') return isSignedWithOne(keys.refresh, input, signature)
    return keys.access.acceptsSecret(now) && isSignedWithOne(keys.secret, input, signature)
  }
  if (typ === 'rt+jwt' || typeof kid !== 'string') return false
  const key = keys.access.verifierOf(kid, now)
  return key !== undefined && alg === key.algorithm && isSignedBy(key, input, signature)
}

const isSignedWithOne = ({ verifying }: SecretKeys, input: string, signature: string) =>
  verifying.some((key) => isSignedWith(key, input, signature))

// Comparing text accepts only the canonical base64url of RFC 7515 §2: no padding, white space or unused bits.
function isSignedWith(key: KeyObject, input: string, signature: string): boolean {
  const expected = Buffer.from(hs256(key, input))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

// Only canonical JSON in canonical base64url is accepted. This also refuses duplicate members, which RFC 7519 §4
// allows: two verifiers of one token could otherwise read different values.
function parsed(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && encoded(value) === part ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}

// RFC 8725 §3.11: explicit typing; RFC 7515 §4.1.9 makes `application/` optional. §3.10: all header parameters but `alg`,
// `typ` and `kid` (`jwk`, `jku`, `x5u`, `crit`, `b64` …) are refused.
const isTyped = (typ: Typ, given: unknown) =>
  typeof given === 'string' && given.toLowerCase().replace(/^application\//, '') === typ

const isNumericDate = (claim: unknown): claim is number => typeof claim === 'number'

/** RFC 7519 §4.1, except expiry */
function areAcceptable(keys: TokenKeys, claims: Claims, { requiredClaims }: Expected, now: number): boolean {
  const { iss, aud, exp, iat, nbf } = claims
  if (!requiredClaims.every((claim) => Object.hasOwn(claims, claim))) return false
  const mayLack = keys.mayLackIssuer && !Object.hasOwn(claims, 'iss')
  if (keys.issuer !== undefined && iss !== keys.issuer && !mayLack) return false
  if (keys.audience !== undefined && aud !== keys.audience) {
    if (!Array.isArray(aud) || !aud.includes(keys.audience)) return false
  }
  if (!isNumericDate(exp) || !isNumericDate(iat)) return false
  return nbf === undefined || (isNumericDate(nbf) && nbf <= now)
}
