/**
 * JSON Web Tokens in a single form: compact, HS256, canonical base64url. This uses node:crypto because WebCrypto
 * switches threads for each signature. Tests compare it with jose. See `docs/adr/0013-hs256-by-node-crypto.md`.
 */
import type { KeyObject } from 'node:crypto'
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

/** Secrets are raw HS256 keys: the bytes that PyJWT, jsonwebtoken and other libraries use as the shared secret. */
export interface TokenOptions {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** The keys and claims to sign and verify tokens with. All keys are HMAC keys for HS256. */
export interface TokenKeys {
  /** Signs and verifies */
  readonly current: KeyObject
  /** The current key and the previous ones */
  readonly verifying: readonly KeyObject[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

export function createTokenKeys({ current, previous, issuer, audience }: TokenOptions): TokenKeys {
  const key = createSecretKey(current)
  const verifying = [key, ...previous.map((secret) => createSecretKey(secret))]
  return { current: key, verifying, issuer, audience }
}

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

export function sign(keys: TokenKeys, typ: Typ, claims: Claims): string {
  const input = `${HEADERS[typ]}.${encoded({ ...claims, iss: keys.issuer, aud: keys.audience })}`
  return `${input}.${hs256(keys.current, input)}`
}

/**
 * Whether a claim can be an id of ours or of an application that shares the secret. Both databases must be able to
 * store and index it: PostgreSQL cannot store U+0000, and neither distinguishes lone surrogates.
 */
export const isId = (claim: unknown): claim is string =>
  typeof claim === 'string' && claim.length <= 512 && !claim.includes('\0') && claim.isWellFormed()

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

/** Checks the signature, then the header, then the claims, and `exp` last. @param now milliseconds since the epoch */
export function verify(keys: TokenKeys, token: string, expected: Expected, now: number): Verification {
  const [, header, payload, signature] = COMPACT.exec(token) ?? []
  if (header === undefined || payload === undefined || signature === undefined) return INVALID
  const input = token.slice(0, -signature.length - 1)
  if (!keys.verifying.some((key) => isSignedWith(key, input, signature))) return INVALID

  if (header !== HEADERS[expected.typ] && !isExpected(expected.typ, parsed(header))) return INVALID
  const claims = parsed(payload)
  if (claims === undefined || !areAcceptable(keys, claims, expected, seconds(now))) return INVALID
  const { exp } = claims
  return { outcome: Number(exp) > seconds(now) ? 'valid' : 'expired', payload: claims }
}

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

// RFC 8725 §3.1: the server decides the algorithm. §3.11: explicit typing; RFC 7515 §4.1.9 makes `application/`
// optional. §3.10: all other header parameters (`kid`, `jwk`, `jku`, `x5u`, `crit`, `b64` …) are refused.
function isExpected(typ: Typ, { alg, typ: given, ...others }: Claims = {}): boolean {
  if (alg !== 'HS256' || typeof given !== 'string' || Object.keys(others).length > 0) return false
  return given.toLowerCase().replace(/^application\//, '') === typ
}

const isNumericDate = (claim: unknown): claim is number => typeof claim === 'number'

/** RFC 7519 §4.1, except expiry */
function areAcceptable(keys: TokenKeys, claims: Claims, { requiredClaims }: Expected, now: number): boolean {
  const { iss, aud, exp, iat, nbf } = claims
  if (!requiredClaims.every((claim) => Object.hasOwn(claims, claim))) return false
  if (keys.issuer !== undefined && iss !== keys.issuer) return false
  if (keys.audience !== undefined && aud !== keys.audience) {
    if (!Array.isArray(aud) || !aud.includes(keys.audience)) return false
  }
  if (!isNumericDate(exp) || !isNumericDate(iat)) return false
  return nbf === undefined || (isNumericDate(nbf) && nbf <= now)
}
