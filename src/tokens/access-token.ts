import type { Claims } from './jwt.ts'
import {
  isConfirmation,
  isGeneration,
  isId,
  milliseconds,
  plausibleIssuedAt,
  seconds,
  sign,
  verify,
} from './jwt.ts'
import type { TokenKeys } from './keys.ts'
import { withoutReserved } from './own-claims.ts'

/** Times in milliseconds; the token carries whole seconds. */
export interface AccessToken {
  readonly id: string
  readonly userId: string
  readonly sessionId: string
  /** The session's, when the token was issued. Not in the token if it is 0. */
  readonly generation: number
  /** The thumbprint of the key that the token is bound to. Undefined: of none */
  readonly jkt?: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number
  /** Of the application: `sign` only, see {@link claimsIn} */
  readonly claims?: Claims | undefined
  /** Of the user's claims: see `own-claims.ts`. Undefined: 0 */
  readonly claimsVersion?: number
}

export type AccessTokenVerification =
  | { readonly outcome: 'valid' | 'expired'; readonly token: AccessToken }
  | { readonly outcome: 'invalid' }

/** `typ` is that of RFC 9068 §2.1. Flask-JWT-Extended and similar libraries read the claim `type` instead. */
export function signAccessToken(keys: TokenKeys, token: AccessToken): string {
  const claims = {
    ...token.claims,
    sub: token.userId,
    sid: token.sessionId,
    jti: token.id,
    type: 'access',
    generation: token.generation || undefined,
    cnf: token.jkt === undefined ? undefined : { jkt: token.jkt },
    iat: seconds(token.issuedAt),
    exp: seconds(token.expiresAt),
    client_id: keys.clientId,
  }
  // By the time of the token and not by now: a repetition has the same key also when another one signs by now.
  return sign(keys, 'at+jwt', claims, keys.access.signerAt(token.issuedAt))
}

const EXPECTED = { typ: 'at+jwt' as const, requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'] }

/** @param now milliseconds */
export function verifyAccessToken(keys: TokenKeys, token: string, now: number): AccessTokenVerification {
  const verification = verify(keys, token, EXPECTED, now)
  if (verification.outcome === 'invalid') return verification
  const { sub, jti, sid, type, iat, exp, generation = 0, cnf, claims_version = 0 } = verification.payload
  if (type !== 'access' || !isId(sub) || !isId(jti) || !isId(sid) || !isConfirmation(cnf))
    return { outcome: 'invalid' }
  const issuedAt = plausibleIssuedAt(iat, now)
  const expiresAt = milliseconds(exp)
  if (
    issuedAt === undefined ||
    expiresAt === undefined ||
    !isGeneration(generation) ||
    !isGeneration(claims_version)
  ) {
    return { outcome: 'invalid' }
  }
  return {
    outcome: verification.outcome,
    token: {
      id: jti,
      userId: sub,
      sessionId: sid,
      generation,
      issuedAt,
      expiresAt,
      ...(cnf && { jkt: cnf.jkt }),
      ...(claims_version > 0 && { claimsVersion: claims_version }),
    },
  }
}

/** @returns the claims of the application in an access token that was verified */
export const claimsIn = (token: string): Claims =>
  withoutReserved(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()))
