import { retryOvertaken } from '../retry.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { revokeSession } from '../store/queries/revocations.ts'
import { findSession, rotateSession, touchSession } from '../store/queries/sessions.ts'
import { verifyRefreshToken } from '../tokens/refresh-token.ts'
import { classify } from './classify.ts'
import type { SessionContext } from './context.ts'
import type { Grant } from './mint.ts'
import { mintAccess, mintRefreshToken } from './mint.ts'

export type RefreshRefusal =
  | 'unknown_user'
  | 'inactive_user'
  | 'unknown_session'
  | 'revoked'
  | 'expired'
  | 'superseded'

/** Refusals are outcomes, not exceptions: an exception would roll back the revocation after a reuse. */
export type RefreshOutcome =
  | ({ readonly outcome: 'rotated' | 'replayed' | 'refreshed' } & Grant)
  | { readonly outcome: 'invalid' }
  | { readonly outcome: 'limited' | RefreshRefusal; readonly userId: string; readonly sessionId: string }
  | {
      readonly outcome: 'reused' | 'restored'
      readonly userId: string
      readonly sessionId: string
      /** The events that were written: none if the session ended in between */
      readonly events: readonly NewEvent[]
    }

/**
 * Trades a refresh token for an access token and, with rotation, for its successor.
 *
 * RFC 9700 §4.14.2: "the authorization server issues a new refresh token with every access token refresh response.
 * The previous refresh token is invalidated, but information about the relationship is retained."
 *
 * @param origin called only when an event is written
 */
export async function refresh(
  context: SessionContext,
  refreshToken: string,
  origin: () => Origin,
): Promise<RefreshOutcome> {
  const outcome = await retryOvertaken(() => attempt(context, refreshToken, origin))
  if (outcome === undefined) throw new Error('a session that can be rotated is not rotated')
  return outcome
}

/** @returns undefined when another writer changed the row between the statements */
async function attempt(
  context: SessionContext,
  refreshToken: string,
  origin: () => Origin,
): Promise<RefreshOutcome | undefined> {
  const { db, keys, settings } = context
  const now = context.now()
  const verification = verifyRefreshToken(keys, refreshToken, now)
  if (verification.outcome === 'invalid') return { outcome: 'invalid' }
  const { userId, sessionId, generation, issuedAt } = verification.token
  if (verification.outcome === 'expired') return { outcome: 'expired', userId, sessionId }

  const presented = { sessionId, userId, generation, issuedAt, now }
  const mayWrite = (await context.mayWrite?.(presented)) ?? true
  if (!mayWrite) {
    // Limited: nothing is written unless the token is superseded.
  } else if (settings.rotation) {
    const session = await rotateSession(db, presented, settings.refreshTokenTtl)
    if (session !== undefined) return grant(context, 'rotated', session, now)
  } else {
    const session = await touchSession(db, presented)
    if (session !== undefined) return grant(context, 'refreshed', session, now)
  }

  const state = await findSession(db, presented, now)
  const outcome = classify(state, presented, now, settings.grace)
  const end = (reason: 'reuse' | 'restored') =>
    revokeSession(db, { sessionId, generation, reason, now, origin: origin() })
  switch (outcome) {
    case 'current':
      // The row changed between the two statements: for example, the user was activated again.
      return mayWrite ? undefined : { outcome: 'limited', userId, sessionId }
    case 'replayed':
      if (state?.session === undefined) throw new TypeError('a replay without a session')
      return grant(context, 'replayed', state.session, now)
    case 'reused':
      // RFC 9700 §4.14.2: "If a refresh token is compromised and subsequently used by both the attacker and the
      // legitimate client, one of them will present an invalidated refresh token, which will inform the authorization
      // server of the breach."
      return { outcome, userId, sessionId, events: await end('reuse') }
    case 'restored':
      // After a restore, a superseded token may be current again. Revoking stops a thief who holds it.
      return { outcome, userId, sessionId, events: await end('restored') }
    default:
      return { outcome, userId, sessionId }
  }
}

function grant(
  context: SessionContext,
  outcome: 'rotated' | 'replayed' | 'refreshed',
  session: Grant['session'],
  now: number,
): RefreshOutcome {
  return {
    outcome,
    session,
    ...mintAccess(context, session, now),
    refreshToken: outcome === 'refreshed' ? undefined : mintRefreshToken(context, session),
  }
}
