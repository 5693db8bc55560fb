import type { EndedSessions } from '../store/queries/endings.ts'
import { revokeSessionsOfUser } from '../store/queries/endings.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { RevocationReason } from '../store/queries/revocations.ts'
import { revokeAllSessions, revokeSession } from '../store/queries/revocations.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import { verifyRefreshToken } from '../tokens/refresh-token.ts'
import type { SessionContext } from './context.ts'
import type { Unproven } from './unproven.ts'
import { unproven } from './unproven.ts'

export type LogoutOutcome =
  | {
      readonly outcome: 'revoked' | 'over_already'
      readonly userId: string
      readonly sessionId: string
      /** The events that were written */
      readonly events: readonly NewEvent[]
    }
  /** `expired`: an access token that could not be exchanged any more */
  /** `unproven`, `mismatched`: an access token that is bound to a key */
  | { readonly outcome: 'invalid' | 'expired' | Unproven }

/**
 * Ends the session of an authentic token. Expired and superseded tokens are accepted, because they still identify the
 * session, but an access token only as long as it can be exchanged: it may have been copied to many places, and must not
 * end the session months later. RFC 7009 §2.2: "invalid tokens do not cause an error response".
 *
 * A refresh token needs no proof of its key: the key may be lost, and whoever finds a token may end its session.
 *
 * @param jkt the thumbprint of the key that was proven with the token, empty if none was. Undefined: for a bearer token
 */
export async function logout(
  context: SessionContext,
  token: string,
  origin: Origin,
  jkt?: string,
): Promise<LogoutOutcome> {
  const { db, keys, settings } = context
  const now = context.now()
  const refreshToken = verifyRefreshToken(keys, token, now)
  const isAccess = refreshToken.outcome === 'invalid'
  const verification = isAccess ? verifyAccessToken(keys, token, now) : refreshToken
  if (verification.outcome === 'invalid') return { outcome: 'invalid' }
  if (isAccess && verification.token.expiresAt + settings.exchangeWindow <= now) return { outcome: 'expired' }
  if (isAccess && verification.token.jkt !== jkt) return { outcome: unproven(jkt ?? '') }
  const { userId, sessionId } = verification.token
  const events = await revokeSession(db, { sessionId, userId, reason: 'logout', now, origin })
  return { outcome: events.length > 0 ? 'revoked' : 'over_already', userId, sessionId, events }
}

type EndContext = Pick<SessionContext, 'db' | 'now'>

interface End {
  readonly reason: RevocationReason
  readonly origin: Origin
}

/**
 * Ends one session.
 *
 * @param end with `userId`, only a session of this user is ended
 * @returns the events that were written: none if there was no such active session
 */
export function endSession(
  { db, now }: EndContext,
  end: End & { readonly sessionId: string; readonly userId?: string },
): Promise<readonly NewEvent[]> {
  return revokeSession(db, { ...end, now: now() })
}

/** Ends all sessions of a user. */
export function endAllSessions(
  { db, now }: EndContext,
  end: End & { readonly userId: string },
): Promise<EndedSessions> {
  return revokeSessionsOfUser(db, { ...end, now: now() })
}

/** Ends the sessions of all users. @returns the number of sessions that ended */
export function endEverySession({ db, now }: EndContext, end: End): Promise<number> {
  return revokeAllSessions(db, { ...end, now: now() })
}
