import { newId } from '../ids.ts'
import type { Session } from '../store/queries/sessions.ts'
import { signAccessToken } from '../tokens/access-token.ts'
import { signRefreshToken } from '../tokens/refresh-token.ts'
import type { SessionContext } from './context.ts'

/** An access token as it goes out. */
export interface Access {
  readonly accessToken: string
  /** Seconds */
  readonly expiresIn: number
}

/** What a login or a refresh gives: without rotation a refresh brings no refresh token. */
export interface Grant extends Access {
  readonly session: Session
  readonly refreshToken: string | undefined
}

/** A new access token for a session; it never outlives the session's absolute deadline. */
export function mintAccess(
  { keys: tokens, settings }: SessionContext,
  session: { readonly id: string; readonly userId: string; readonly absoluteExpiresAt: number },
  now: number,
): Access {
  const expiresAt = Math.min(now + settings.accessTokenTtl, session.absoluteExpiresAt)
  const accessToken = signAccessToken(tokens, {
    id: newId(now),
    userId: session.userId,
    sessionId: session.id,
    issuedAt: now,
    expiresAt,
  })
  return { accessToken, expiresIn: secondsBetween(now, expiresAt) }
}

// Of the whole seconds that the token carries, never less than none.
export const secondsBetween = (now: number, expiresAt: number): number =>
  Math.max(0, Math.floor(expiresAt / 1000) - Math.floor(now / 1000))

/** The session's current refresh token. It is not stored but made again from the row, byte by byte. */
export function mintRefreshToken({ keys: tokens }: SessionContext, session: Session): string {
  return signRefreshToken(tokens, {
    userId: session.userId,
    sessionId: session.id,
    generation: session.generation,
    issuedAt: session.rotatedAt,
    expiresAt: session.expiresAt,
  })
}
