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

/** Times in milliseconds; the token carries whole seconds. */
export interface RefreshToken {
  readonly userId: string
  readonly sessionId: string
  readonly generation: number
  readonly issuedAt: number
  readonly expiresAt: number
  /** Tells copies of one generation apart. Undefined if there is only one */
  readonly mark?: string | undefined
  /** The thumbprint of the key that the token is bound to. Undefined: of none */
  readonly jkt?: string | undefined
}

export type RefreshTokenVerification =
  | { readonly outcome: 'valid' | 'expired'; readonly token: RefreshToken }
  | { readonly outcome: 'invalid' }

/** HS256 is deterministic: a replay signs identical bytes from the session's row, so no token has to be stored. */
export function signRefreshToken(keys: TokenKeys, token: RefreshToken): string {
  return sign(keys, 'rt+jwt', {
    sub: token.userId,
    sid: token.sessionId,
    jti: [token.sessionId, token.generation, token.mark].filter((part) => part !== undefined).join('.'),
    type: 'refresh',
    generation: token.generation,
    mark: token.mark,
    cnf: token.jkt === undefined ? undefined : { jkt: token.jkt },
    iat: seconds(token.issuedAt),
    exp: seconds(token.expiresAt),
  })
}

const EXPECTED = { typ: 'rt+jwt' as const, requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid', 'generation'] }

const isMark = (claim: unknown): claim is string | undefined =>
  claim === undefined || (typeof claim === 'string' && /^[\w-]{1,16}$/.test(claim))

/** @param now milliseconds */
export function verifyRefreshToken(keys: TokenKeys, token: string, now: number): RefreshTokenVerification {
  const verification = verify(keys, token, EXPECTED, now)
  if (verification.outcome === 'invalid') return verification
  const { sub, jti, sid, type, iat, exp, generation, mark, cnf } = verification.payload
  if (type !== 'refresh' || !isId(sub) || !isId(jti) || !isId(sid) || !isConfirmation(cnf))
    return { outcome: 'invalid' }
  const issuedAt = plausibleIssuedAt(iat, now)
  const expiresAt = milliseconds(exp)
  if (issuedAt === undefined || expiresAt === undefined || !isGeneration(generation) || !isMark(mark)) {
    return { outcome: 'invalid' }
  }
  return {
    outcome: verification.outcome,
    token: {
      ...{ userId: sub, sessionId: sid, generation, issuedAt, expiresAt },
      ...(mark && { mark }),
      ...(cnf && { jkt: cnf.jkt }),
    },
  }
}
