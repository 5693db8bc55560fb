import { newId } from '../ids.ts'
import type { Session } from '../store/queries/sessions.ts'
import { signAccessToken } from '../tokens/access-token.ts'
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
}

/** The result of a login or refresh. */
export interface Grant extends Access {
  readonly session: Session
  /** Undefined after a refresh without rotation */
  readonly refreshToken: string | undefined
}

/** Makes a new access token for a session. The token never outlives the session's absolute deadline. */
export function mintAccess(
  { keys: tokens, settings }: SessionContext,
  session: Pick<Session, 'id' | 'userId' | 'generation' | 'absoluteExpiresAt'>,
  now: number,
): Access {
  const expiresAt = Math.min(now + settings.accessTokenTtl, session.absoluteExpiresAt)
  const accessToken = signAccessToken(tokens, {
    id: newId(now),
    userId: session.userId,
    sessionId: session.id,
    generation: session.generation,
    issuedAt: now,
    expiresAt,
  })
  return { accessToken, expiresIn: secondsBetween(now, expiresAt) }
}

// Seconds between the times rounded down to whole seconds, as in the token; at least 0
export const secondsBetween = (now: number, expiresAt: number): number =>
  Math.max(0, Math.floor(expiresAt / 1000) - Math.floor(now / 1000))

/**
 * Makes the current refresh token of a session for a caller. The same row and caller always give the same bytes, so it is
 * not stored. Only the successor of a token has copies: a login and a password change have one answer.
 */
export function mintRefreshToken(
  { keys: tokens }: Pick<SessionContext, 'keys'>,
  session: Session,
  caller: Caller,
): string {
  return signRefreshToken(tokens, {
    userId: session.userId,
    sessionId: session.id,
    generation: session.generation,
    issuedAt: session.rotatedAt,
    expiresAt: session.expiresAt,
    mark: readLineage(session) === undefined ? undefined : markOf(tokens, caller),
  })
}
