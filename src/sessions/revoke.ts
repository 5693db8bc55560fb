import type { Origin } from '../store/queries/events.ts'
import type { RevocationReason } from '../store/queries/revocations.ts'
import { revokeAllSessions, revokeSession, revokeSessionsOfUser } from '../store/queries/revocations.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import { verifyRefreshToken } from '../tokens/refresh-token.ts'
import type { SessionContext } from './context.ts'

export type LogoutOutcome =
  | {
      readonly outcome: 'revoked' | 'over_already'
      readonly userId: string
      readonly sessionId: string
    }
  | { readonly outcome: 'invalid' }

/**
 * Ends the session of an authentic token. Expired and superseded tokens are accepted, because they still identify the
 * session. RFC 7009 §2.2: "invalid tokens do not cause an error response".
 */
export async function logout(
  context: SessionContext,
  token: string,
  origin?: Origin,
): Promise<LogoutOutcome> {
  const now = context.now()
  const refreshToken = await verifyRefreshToken(context.keys, token, now)
  const verification =
    refreshToken.outcome === 'invalid' ? await verifyAccessToken(context.keys, token, now) : refreshToken
  if (verification.outcome === 'invalid') return { outcome: 'invalid' }
  const { userId, sessionId } = verification.token
  const revoked = await revokeSession(context.db, sessionId, 'logout', now, userId, origin)
  return { outcome: revoked ? 'revoked' : 'over_already', userId, sessionId }
}

/** Ends one session. @returns whether it was active, and belonged to the user if one is given */
export function endSession(
  context: Pick<SessionContext, 'db' | 'now'>,
  sessionId: string,
  reason: RevocationReason,
  userId?: string,
  origin?: Origin,
): Promise<boolean> {
  return revokeSession(context.db, sessionId, reason, context.now(), userId, origin)
}

/** Ends the sessions of all users. @returns the number of sessions that ended */
export function endEverySession(
  context: Pick<SessionContext, 'db' | 'now'>,
  reason: RevocationReason,
): Promise<number> {
  return revokeAllSessions(context.db, reason, context.now())
}

/** Ends all sessions of a user. @returns the ids of the sessions that ended */
export function endAllSessions(
  context: Pick<SessionContext, 'db' | 'now'>,
  userId: string,
  reason: RevocationReason,
  origin?: Origin,
): Promise<string[]> {
  return revokeSessionsOfUser(context.db, userId, reason, context.now(), { origin })
}
