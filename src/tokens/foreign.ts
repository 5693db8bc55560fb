/**
 * Tokens of another system, which are traded once for a session of ours: see `docs/adr/0066-adopted-tokens.md`. They are verified
 * by jose, because they come with many algorithms and from servers of keys, and rarely.
 */
import { createHash } from 'node:crypto'
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose'
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { CLOCK_SKEW } from '../clock.ts'
import { isId, milliseconds } from './jwt.ts'

/** What the other system signs with: a shared secret, a set of public keys, or the address of one */
export type ForeignKey =
  | { readonly secret: Uint8Array; readonly isShared: boolean }
  | { readonly jwks: JSONWebKeySet }
  | { readonly url: string }

/** Which tokens are of a kind: those with a claim of this value, any that do not say otherwise, or none */
export type KindRule = 'off' | 'any' | { readonly claim: string; readonly value: string }

export type ForeignKind = 'refresh' | 'access'

export interface ForeignRules {
  readonly algorithms: readonly string[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** The claim that names the user. A dot leads into a member. */
  readonly userClaim: string
  readonly kinds: { readonly [Kind in ForeignKind]: KindRule }
}

export interface ForeignToken {
  /**
   * Of what was signed, header and payload. Nobody but the other system can change that, and a signature that is spelled or made
   * differently is no other token.
   */
  readonly digest: string
  readonly jti: string | undefined
  /** Whom the token names: an id or a username */
  readonly subject: string
  /** Milliseconds since the epoch. 0: the token does not say */
  readonly issuedAt: number
  /** Milliseconds since the epoch */
  readonly expiresAt: number
}

/** `why` is for the operator's log. `unavailable`: the keys could not be fetched. */
export type ForeignVerification =
  | { readonly outcome: 'valid' | 'expired'; readonly token: ForeignToken }
  | { readonly outcome: 'invalid'; readonly why: `foreign_${'key' | 'claims' | 'kind'}` }
  | { readonly outcome: 'unavailable' }

export type VerifyForeign = (token: string, kind: ForeignKind, now: number) => Promise<ForeignVerification>

/** Errors of jose that say something of the token. Others come from fetching keys. */
const OF_TOKENS = [
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSInvalid,
  errors.JWTInvalid,
]

const KEY = { outcome: 'invalid', why: 'foreign_key' } as const
const CLAIMS = { outcome: 'invalid', why: 'foreign_claims' } as const

/** Creates a function that verifies tokens of another system. Their keys are not used for anything else. */
export function createVerifyForeign(key: ForeignKey, rules: ForeignRules): VerifyForeign {
  const keyOf = resolverOf(key)
  const isShared = 'secret' in key && key.isShared
  return async (token, kind, now) => {
    if (rules.kinds[kind] === 'off') return { outcome: 'invalid', why: 'foreign_kind' }
    // Where both systems have one secret, its signature does not tell whose token it is.
    if (isShared && isTypedAsOurs(token)) return KEY
    try {
      const options = {
        algorithms: [...rules.algorithms],
        ...(rules.issuer !== undefined && { issuer: rules.issuer }),
        ...(rules.audience !== undefined && { audience: rules.audience }),
        // The clock of the other system may be ahead of ours. It does not put off `exp`, which is judged below.
        clockTolerance: CLOCK_SKEW / 1000,
        currentDate: new Date(now),
      }
      const { payload } = await jwtVerify(token, keyOf, options)
      return judge(token, payload, kind, rules, now)
    } catch (error) {
      // jose checks all other claims first.
      if (error instanceof errors.JWTExpired) return judge(token, error.payload, kind, rules, now)
      if (error instanceof errors.JWTClaimValidationFailed) return CLAIMS
      // Also a key that jose cannot use, such as RSA with 1024 bits
      if (!('url' in key) || OF_TOKENS.some((type) => error instanceof type)) return KEY
      return { outcome: 'unavailable' }
    }
  }
}

// Milliseconds. A fetch that takes longer fails, and so do the requests that wait for it.
const FETCH_TIMEOUT = 5000

function resolverOf(key: ForeignKey): JWTVerifyGetKey {
  if ('secret' in key) return async () => key.secret
  if ('jwks' in key) return createLocalJWKSet(key.jwks)
  return createRemoteJWKSet(new URL(key.url), { timeoutDuration: FETCH_TIMEOUT })
}

function isTypedAsOurs(token: string): boolean {
  try {
    return /^(application\/)?[ar]t\+jwt$/i.test(String(decodeProtectedHeader(token).typ))
  } catch {
    return false
  }
}

/** Judges the claims of an authentic token. */
function judge(
  token: string,
  claims: JWTPayload,
  kind: ForeignKind,
  { userClaim, kinds }: ForeignRules,
  now: number,
): ForeignVerification {
  if (!isOfKind(claims, kind, kinds)) return { outcome: 'invalid', why: 'foreign_kind' }
  const subject = subjectOf(claims, userClaim)
  const expiresAt = milliseconds(claims.exp)
  const { jti } = claims
  if (subject === undefined || expiresAt === undefined) return CLAIMS
  if (jti !== undefined && !isId(jti)) return CLAIMS
  const digest = createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')
  const issuedAt = milliseconds(claims.iat) ?? 0
  return {
    outcome: expiresAt > now ? 'valid' : 'expired',
    token: { digest, jti, subject, issuedAt, expiresAt },
  }
}

// What Flask-JWT-Extended, simplejwt, Cognito and Keycloak call the kind of a token
const KIND_CLAIMS = ['type', 'token_type', 'token_use', 'typ']
const OTHER: Readonly<Record<ForeignKind, ForeignKind>> = { refresh: 'access', access: 'refresh' }

function isOfKind(claims: JWTPayload, kind: ForeignKind, kinds: ForeignRules['kinds']): boolean {
  const [rule, other] = [kinds[kind], kinds[OTHER[kind]]]
  if (rule === 'off') return false
  if (rule !== 'any') return has(claims, rule)
  // It does not say that it is of the other kind.
  if (typeof other === 'object' && has(claims, other)) return false
  return !KIND_CLAIMS.some((claim) => String(claims[claim]).toLowerCase() === OTHER[kind])
}

const has = (claims: JWTPayload, { claim, value }: Exclude<KindRule, string>) =>
  Object.hasOwn(claims, claim) && String(claims[claim]) === value

/** Django and Flask have numbers as ids. Our users are known by texts. */
function subjectOf(claims: JWTPayload, name: string): string | undefined {
  const [first = name, ...rest] = Object.hasOwn(claims, name) ? [name] : name.split('.')
  const claim = rest.reduce<unknown>((member, key) => memberOf(member, key), memberOf(claims, first))
  if (Number.isSafeInteger(claim)) return String(claim)
  return isId(claim) && claim !== '' ? claim : undefined
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
