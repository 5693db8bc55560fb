/**
 * JSON Web Tokens in the one form that exists here: compact, HS256, canonical base64url. Through node:crypto, since
 * WebCrypto costs a trip to another thread for each signature; jose is the reference that tests hold this against:
 * `docs/adr/0013-hs256-by-node-crypto.md`.
 */
import type { KeyObject } from 'node:crypto'
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

/** Secrets are raw HS256 keys: the bytes that PyJWT, jsonwebtoken and others take as the shared secret. */
export interface TokenOptions {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** What tokens are signed and verified with. Keys are HMAC keys for HS256, no other algorithm exists here. */
export interface TokenKeys {
  /** Signs, and verifies */
  readonly current: KeyObject
  /** The current key and the previous ones, all of which verify */
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

/** `expired` tokens are authentic in everything but their `exp`. */
export type Verification =
  | { readonly outcome: 'valid' | 'expired'; readonly payload: Claims }
  | { readonly outcome: 'invalid' }

const INVALID = { outcome: 'invalid' } as const

export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** RFC 7518 §3.2 */
const hs256 = (key: KeyObject, input: string) => createHmac('sha256', key).update(input).digest('base64url')

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

// RFC 9068 §2.1, and ours after its example. Written once; whatever says the same in another spelling is parsed.
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
 * Whether a claim can be an id of ours, or of an application that shares the secret: nothing that a database could not
 * hold (PostgreSQL has no U+0000, neither tells one lone surrogate from another) or not index.
 */
export const isId = (claim: unknown): claim is string =>
  typeof claim === 'string' && claim.length <= 512 && !claim.includes('\0') && claim.isWellFormed()

// RFC 7519 §2 allows a NumericDate to have a fraction; beyond what a Date holds there is no time.
const LAST_SECOND = 8_640_000_000_000

/** `exp` or `iat` in whole milliseconds; undefined when it is no time. */
export function milliseconds(claim: unknown): number | undefined {
  return typeof claim === 'number' && Math.abs(claim) <= LAST_SECOND ? Math.floor(claim * 1000) : undefined
}

// A clock that is an hour or a time zone wrong logs nobody out; none of ours is wrong by more than that.
const CLOCKS_DIFFER = 86_400_000

/** `iat` likewise; undefined also when it lies further ahead than clocks differ. @param now milliseconds */
export function plausibleIssuedAt(claim: unknown, now: number): number | undefined {
  const issuedAt = milliseconds(claim)
  return issuedAt === undefined || issuedAt > now + CLOCKS_DIFFER ? undefined : issuedAt
}

export interface Expected {
  readonly typ: Typ
  readonly requiredClaims: readonly string[]
}

// RFC 7515 §7.1, in the characters of base64url (§2): nothing else is looked at.
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/** `now` in milliseconds. Checks the signature first, then the header, the claims, and `exp` last. */
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

// RFC 7515 §2 has one spelling, and no other passes: no padding, no white space, no unused bits.
function isSignedWith(key: KeyObject, input: string, signature: string): boolean {
  const expected = Buffer.from(hs256(key, input))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

// JSON has one spelling as well, and both have to be met. RFC 7519 §4 lets members that come twice be refused, or the last
// one count: here nobody who reads the same token can see another one.
function parsed(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && encoded(value) === part ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}

// RFC 8725 §3.1: the algorithm is ours to say. §3.11: explicit typing; RFC 7515 §4.1.9 lets `application/` be left out.
// §3.10: whatever else a header could say (`kid`, `jwk`, `jku`, `x5u`, `crit`, `b64` …) is not ours.
function isExpected(typ: Typ, { alg, typ: given, ...others }: Claims = {}): boolean {
  if (alg !== 'HS256' || typeof given !== 'string' || Object.keys(others).length > 0) return false
  return given.toLowerCase().replace(/^application\//, '') === typ
}

const isNumericDate = (claim: unknown): claim is number => typeof claim === 'number'

/** RFC 7519 §4.1, all but whether it has expired. */
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
