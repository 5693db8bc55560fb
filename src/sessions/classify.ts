import type { SessionState } from '../store/sessions.ts'

/**
 * What a refresh token is, once it was found that it cannot be rotated:
 *
 * - `unknown_user`, `inactive_user`: whatever the session is
 * - `unknown_session`, `revoked`, `expired`: nothing to refresh
 * - `replayed`: the direct predecessor, within the grace window: a retry
 * - `reused`: any other superseded token: evidence of theft
 * - `ahead`: a generation that was never given out: forged, or the database is a restored backup
 * - `current`: it could be rotated after all; the row changed in between
 */
export type Classification =
  | 'unknown_user'
  | 'inactive_user'
  | 'unknown_session'
  | 'revoked'
  | 'expired'
  | 'replayed'
  | 'reused'
  | 'ahead'
  | 'current'

/** @param now milliseconds since the epoch @param grace milliseconds; 0 makes every repetition a reuse */
export function classify(
  state: SessionState | undefined,
  generation: number,
  now: number,
  grace: number,
): Classification {
  if (state === undefined) return 'unknown_user'
  const { user, session } = state
  if (user.deactivatedAt !== null) return 'inactive_user'
  if (session === undefined) return 'unknown_session'
  if (session.revokedAt !== null) return 'revoked'
  if (session.expiresAt <= now || session.absoluteExpiresAt <= now) return 'expired'
  if (generation > session.generation) return 'ahead'
  if (generation === session.generation) return 'current'
  const isPredecessor = generation === session.generation - 1
  return isPredecessor && grace > 0 && now - session.rotatedAt <= grace ? 'replayed' : 'reused'
}
