import type { TokenKeys } from './jwt.ts'
import { isId, milliseconds, plausibleIssuedAt, seconds, sign, verify } from './jwt.ts'

/** Times in milliseconds; the token carries whole seconds. */
export interface AccessToken {
  readonly id: string
  readonly userId: string
  readonly sessionId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

export type AccessTokenVerification =
  | { readonly outcome: 'valid' | 'expired'; readonly token: AccessToken }
  | { readonly outcome: 'invalid' }

/** `typ` is that of RFC 9068 §2.1. Flask-JWT-Extended and similar libraries read the claim `type` instead. */
export function signAccessToken(keys: TokenKeys, token: AccessToken): string {
  return sign(keys, 'at+jwt', {
    sub: token.userId,
    sid: token.sessionId,
    jti: token.id,
    type: 'access',
    iat: seconds(token.issuedAt),
    exp: seconds(token.expiresAt),
  })
}

const EXPECTED = { typ: 'at+jwt' as const, requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'] }

/** @param now milliseconds */
export function verifyAccessToken(keys: TokenKeys, token: string, now: number): AccessTokenVerification {
  const verification = verify(keys, token, EXPECTED, now)
  if (verification.outcome === 'invalid') return verification
  const { sub, jti, sid, type, iat, exp } = verification.payload
  if (type !== 'access' || !isId(sub) || !isId(jti) || !isId(sid)) return { outcome: 'invalid' }
  const issuedAt = plausibleIssuedAt(iat, now)
  const expiresAt = milliseconds(exp)
  if (issuedAt === undefined || expiresAt === undefined) return { outcome: 'invalid' }
  return {
    outcome: verification.outcome,
    token: { id: jti, userId: sub, sessionId: sid, issuedAt, expiresAt },
  }
}
