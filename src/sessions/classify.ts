import type { SessionState } from '../store/queries/sessions.ts'

/**
 * What a refresh token is, once it was found that it cannot be rotated:
 *
 * - `unknown_user`, `inactive_user`: whatever the session is
 * - `unknown_session`, `revoked`, `expired`: nothing to refresh
 * - `replayed`: the direct predecessor, within the grace window: a retry
 * - `reused`: any other superseded token: evidence of theft
 * - `restored`: authentic, but not of this row's past: a generation that it has not reached, or the current one from
 *   another time. The database went back: see `docs/adr/0012-restored-backups.md`
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
  | 'restored'
  | 'current'

/**
 * @param presented of the token; its `iat` in milliseconds
 * @param now milliseconds since the epoch
 * @param grace milliseconds; 0 makes every repetition a reuse
 */
export function classify(
  state: SessionState | undefined,
  { generation, issuedAt }: { readonly generation: number; readonly issuedAt: number },
  now: number,
  grace: number,
): Classification {
  if (state === undefined) return 'unknown_user'
  const { user, session } = state
  if (user.deactivatedAt !== null) return 'inactive_user'
  if (session === undefined) return 'unknown_session'
  if (session.revokedAt !== null) return 'revoked'
  if (session.absoluteExpiresAt <= now) return 'expired'
  const sinceIssued = session.rotatedAt - issuedAt
  const isOfRow = sinceIssued >= 0 && sinceIssued < 1000
  // Before the idle deadline, which went back with the row: an access token could still be exchanged.
  if (generation > session.generation) return 'restored'
  if (generation === session.generation && !isOfRow) return 'restored'
  if (session.expiresAt <= now) return 'expired'
  if (generation === session.generation) return 'current'
  const isPredecessor = generation === session.generation - 1
  return isPredecessor && grace > 0 && now - session.rotatedAt <= grace ? 'replayed' : 'reused'
}
