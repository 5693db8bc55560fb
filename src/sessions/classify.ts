import { isInGrace } from '../clock.ts'
import type { SessionState } from '../store/queries/sessions.ts'

/**
 * Why a refresh token was not rotated:
 *
 * - `unknown_user`, `inactive_user`: regardless of the session
 * - `unknown_session`, `revoked`, `expired`: the session cannot be refreshed
 * - `superseded`: from before a password change, which has started the session anew
 * - `replayed`: a retry with the direct predecessor within the grace window
 * - `reused`: any other superseded token, which is evidence of theft
 * - `restored`: authentic, but the row has not reached this generation, or began it at another time. The database was
 *   restored from a backup: see `docs/adr/0012-restored-backups.md`
 * - `current`: it can be rotated now, because the row changed in between
 */
export type Classification =
  | 'unknown_user'
  | 'inactive_user'
  | 'unknown_session'
  | 'revoked'
  | 'expired'
  | 'superseded'
  | 'replayed'
  | 'reused'
  | 'restored'
  | 'current'

/**
 * Classifies a refresh token that was not rotated.
 *
 * @param state the user and the session, if they exist
 * @param presented `generation` of the token, and its `iat` in milliseconds
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
  // This precedes the idle deadline, because the backup also restored an old `expires_at`. A session past it could still
  // be exchanged.
  if (generation > session.generation) return 'restored'
  if (generation === session.generation && !isOfRow) return 'restored'
  if (session.expiresAt <= now) return 'expired'
  if (generation === session.generation) return 'current'
  // No evidence of theft: these are like the tokens of another session, which has ended.
  if (generation < session.startGeneration) return 'superseded'
  const isPredecessor = generation === session.generation - 1
  return isPredecessor && isInGrace(session.rotatedAt, state.asOf, grace) ? 'replayed' : 'reused'
}
