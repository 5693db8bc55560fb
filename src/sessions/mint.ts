import { newId } from '../ids.ts'
import type { Session } from '../store/queries/sessions.ts'
import { signAccessToken } from '../tokens/access-token.ts'
import type { KeptClaims } from '../tokens/own-claims.ts'
import { claimsFor } from '../tokens/own-claims.ts'
import { signRefreshToken } from '../tokens/refresh-token.ts'
import type { SessionContext } from './context.ts'
import { readLineage } from './lineage.ts'
import type { Caller } from './marks.ts'
import { markOf } from './marks.ts'

/** An access token and its lifetime */
export interface Access {
  readonly accessToken: string
  /** Seconds */
  readonly expiresIn: number
  readonly tokenType: TokenType
}

/** RFC 6750, or RFC 9449 §5: "A token_type of DPoP MUST be included" for a token that is bound to a key */
export type TokenType = 'bearer' | 'DPoP'

export const tokenTypeOf = (jkt: string | undefined): TokenType => (jkt === undefined ? 'bearer' : 'DPoP')

/** The key that access tokens of a session are bound to. By default only refresh tokens are, so that no API has to change. */
export const accessKeyOf = (
  { settings }: Pick<SessionContext, 'settings'>,
  { jkt }: Pick<Session, 'jkt'>,
): string | undefined => (settings.bindsAccessTokens ? (jkt ?? undefined) : undefined)

/** The result of a login or refresh. */
export interface Grant extends Access {
  readonly session: Session
  /** Undefined after a refresh without rotation */
  readonly refreshToken: string | undefined
}

/** Makes a new access token for a session. The token never outlives the session's absolute deadline. */
export function mintAccess(
  context: SessionContext,
  session: Pick<Session, 'id' | 'userId' | 'generation' | 'absoluteExpiresAt' | 'jkt' | keyof KeptClaims>,
  now: number,
): Access {
  const { keys: tokens, settings } = context
  const jkt = accessKeyOf(context, session)
  const expiresAt = Math.min(now + settings.accessTokenTtl, session.absoluteExpiresAt)
  const accessToken = signAccessToken(tokens, {
    id: newId(now),
    userId: session.userId,
    sessionId: session.id,
    generation: session.generation,
    issuedAt: now,
    expiresAt,
    jkt,
    claims: claimsFor(session),
  })
  return { accessToken, expiresIn: secondsBetween(now, expiresAt), tokenType: tokenTypeOf(jkt) }
}

// Seconds between the times rounded down to whole seconds, as in the token; at least 0
export const secondsBetween = (now: number, expiresAt: number): number =>
  Math.max(0, Math.floor(expiresAt / 1000) - Math.floor(now / 1000))

/**
 * Makes the current refresh token of a session for a caller. The same row and caller always give the same bytes, so it is
 * not stored. Only the successor of a token has copies: a login and a password change have one answer. Tokens of a bound
 * session have none, because nobody else can present them.
 */
export function mintRefreshToken(
  { keys: tokens }: Pick<SessionContext, 'keys'>,
  session: Session,
  caller: Caller,
): string {
  const hasCopies = session.jkt === null && readLineage(session) !== undefined
  return signRefreshToken(tokens, {
    userId: session.userId,
    sessionId: session.id,
    generation: session.generation,
    issuedAt: session.rotatedAt,
    expiresAt: session.expiresAt,
    mark: hasCopies ? markOf(tokens, caller) : undefined,
    jkt: session.jkt ?? undefined,
  })
}
