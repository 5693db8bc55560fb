import type { NewEvent } from './events.ts'

/** Times are in milliseconds since the epoch. */
export interface Deadlines {
  readonly refreshedAt: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
}

export interface Deadline {
  readonly reason: 'idle' | 'max_age'
  readonly at: number
}

/**
 * Finds the deadline that ends a session.
 *
 * @param exchangeable milliseconds after a refresh in which exchanges can continue the session beyond its idle deadline
 */
export function deadlineOf(session: Deadlines, exchangeable: number): Deadline {
  const idleAt = Math.max(session.expiresAt, session.refreshedAt + exchangeable)
  return session.absoluteExpiresAt <= idleAt
    ? { reason: 'max_age', at: session.absoluteExpiresAt }
    : { reason: 'idle', at: idleAt }
}

interface PrunedSession extends Deadlines {
  readonly id: string
  readonly userId: string
  readonly revokedAt: number | null
}

/** The columns of a {@link PrunedSession} */
export const PRUNED = [
  'id',
  'user_id as userId',
  'refreshed_at as refreshedAt',
  'expires_at as expiresAt',
  'absolute_expires_at as absoluteExpiresAt',
  'revoked_at as revokedAt',
] as const

/** Deadlines write nothing when they pass, so the events of these ends are written when the rows are deleted. */
export function expiries(sessions: readonly PrunedSession[], exchangeable: number): NewEvent[] {
  return sessions.flatMap(({ id: sessionId, userId, revokedAt, ...session }) => {
    const { reason, at } = deadlineOf(session, exchangeable)
    // A session is also revoked after its deadline, without an event.
    const hasExpired = revokedAt === null || at <= revokedAt
    return hasExpired ? [{ name: 'session.expired' as const, userId, sessionId, reason, at }] : []
  })
}
