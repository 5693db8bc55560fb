import type { CryptoKey, JWTPayload } from 'jose'
import { errors, jwtVerify, SignJWT } from 'jose'

/** What tokens are signed and verified with. Keys are HMAC keys for HS256, no other algorithm exists here. */
export interface Tokens {
  readonly key: CryptoKey
  /** The current key and those before it, all of which verify. */
  readonly keys: readonly CryptoKey[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** `expired` tokens are authentic in everything but their `exp`. */
export type Verification =
  | { readonly outcome: 'valid' | 'expired'; readonly payload: JWTPayload }
  | { readonly outcome: 'invalid' }

const INVALID = { outcome: 'invalid' } as const

export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

export function sign(tokens: Tokens, typ: string, claims: JWTPayload): Promise<string> {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ })
  if (tokens.issuer !== undefined) jwt.setIssuer(tokens.issuer)
  if (tokens.audience !== undefined) jwt.setAudience(tokens.audience)
  return jwt.sign(tokens.key)
}

/**
 * Whether a claim can be an id of ours, or of an application that shares the secret: nothing that a database could not
 * hold (PostgreSQL has no U+0000) or not index.
 */
export const isId = (claim: unknown): claim is string =>
  typeof claim === 'string' && claim.length <= 512 && !claim.includes('\0')

// RFC 7519 §2 allows a NumericDate to have a fraction; beyond what a Date holds there is no time.
const LAST_SECOND = 8_640_000_000_000

/** `exp` or `iat` in whole milliseconds; undefined when it is no time. */
export function milliseconds(claim: unknown): number | undefined {
  return typeof claim === 'number' && Math.abs(claim) <= LAST_SECOND ? Math.floor(claim * 1000) : undefined
}

// jose reads several spellings of one token (padding, white space, unused bits): RFC 7515 §2 has only this one.
function isCanonical(token: string): boolean {
  const parts = token.split('.')
  return (
    parts.length === 3 &&
    parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
  )
}

/** `now` in milliseconds. Checks the signature first, then `typ`, `iss`, `aud`, `nbf`, and `exp` last. */
export async function verify(
  tokens: Tokens,
  token: string,
  expected: { readonly typ: string; readonly requiredClaims: string[] },
  now: number,
): Promise<Verification> {
  if (!isCanonical(token)) return INVALID
  for (const key of tokens.keys) {
    try {
      const { payload } = await jwtVerify(token, key, {
        ...expected,
        algorithms: ['HS256'],
        currentDate: new Date(now),
        ...(tokens.issuer !== undefined && { issuer: tokens.issuer }),
        ...(tokens.audience !== undefined && { audience: tokens.audience }),
      })
      return { outcome: 'valid', payload }
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue
      if (error instanceof errors.JWTExpired) return { outcome: 'expired', payload: error.payload }
      if (error instanceof errors.JOSEError) return INVALID
      throw error
    }
  }
  return INVALID
}
