import { isInGrace } from '../clock.ts'
import type { ProvenDevice } from '../store/queries/rotation-conditions.ts'
import type { FoundSession, SessionState } from '../store/queries/sessions.ts'
import { isOffDevice } from './devices.ts'
import { readLineage } from './lineage.ts'

/**
 * Why a refresh token was not rotated:
 *
 * - `unknown_user`, `inactive_user`: regardless of the session
 * - `unknown_session`, `revoked`, `expired`: the session cannot be refreshed
 * - `superseded`: from before a password change, which has started the session anew
 * - `replayed`: a retry with the direct predecessor within the grace window
 * - `late`: a retry with it after the grace window, while the current token was never presented. Its client has not received
 *   the current token, or died before it was stored
 * - `shared`: within the grace window, but another copy of the predecessor than the one that was rotated, from another
 *   caller. Two holders used copies of one generation. Or the current one, by which another holder has bound the session
 * - `reused`: any other superseded token, which is evidence of theft
 * - `restored`: authentic, but the row has not reached this generation, or began it at another time. The database was
 *   restored from a backup: see `docs/adr/0012-restored-backups.md`
 * - `off_device`: it would be accepted from the device that the session is bound to
 * - `unproven`: the session is bound to another key than the one that was proven, or none was. For a token from before the
 *   session was bound, only its first caller within the grace window gets this answer: see `shared` and `reused`
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
  | 'late'
  | 'shared'
  | 'reused'
  | 'restored'
  | 'off_device'
  | 'unproven'
  | 'current'

export interface PresentedToken extends ProvenDevice {
  readonly generation: number
  /** `iat` of the token, in milliseconds */
  readonly issuedAt: number
  /** Of the token: which copy of its generation it is */
  readonly mark?: string | undefined
  /** The mark of whom presents it */
  readonly caller: string
  /** The thumbprint of the key that was proven. Empty: none */
  readonly jkt: string
  /** Whether its browser may have the key of the device, which it could not prove now */
  readonly mayRenew?: boolean
}

/** Milliseconds after a rotation */
interface Windows {
  /** 0 makes every repetition a reuse */
  readonly grace: number
  /** 0 makes every repetition after the grace window a reuse */
  readonly lateRetry: number
}

/**
 * Classifies a refresh token that was not rotated.
 *
 * @param state the user and the session, if they exist
 * @param now milliseconds since the epoch
 */
export function classify(
  state: SessionState | undefined,
  presented: PresentedToken,
  now: number,
  windows: Windows,
): Classification {
  const { generation, issuedAt } = presented
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
  if (generation === session.generation) return classifyCurrent(session, presented)
  // No evidence of theft: these are like the tokens of another session, which has ended.
  if (generation < session.startGeneration) return 'superseded'
  return classifyPredecessor(session, presented, state.asOf, windows)
}

function classifyCurrent(session: FoundSession, presented: PresentedToken): Classification {
  if (isUnproven(session, presented)) return 'unproven'
  if (!isOffDevice(session, presented)) return 'current'
  return isDoubtful(session, presented, session.rotatedAt) ? 'shared' : 'off_device'
}

/**
 * Whether a thief may have bound the session. A thief must not keep it while the owner is refused. That is possible if a
 * refresh issued the presented token before the session was bound. It is not possible with the token of a login, because only
 * the browser that logged in was asked for a key. A browser that could not renew its cookie is not suspected.
 *
 * @param handedOut when the token was issued
 */
const isDoubtful = (
  { boundAt, startGeneration }: FoundSession,
  { generation, mayRenew }: PresentedToken,
  handedOut: number,
) => boundAt !== null && handedOut <= boundAt && generation > startGeneration && mayRenew !== true

const isUnproven = (session: FoundSession, { jkt }: PresentedToken) =>
  session.jkt !== null && session.jkt !== jkt

/** The current token was then given to the device. */
const isRotatedSinceBound = ({ boundAt, rotatedAt }: FoundSession) => boundAt !== null && boundAt < rotatedAt

function classifyPredecessor(
  session: FoundSession,
  presented: PresentedToken,
  asOf: number,
  windows: Windows,
): Classification {
  const outcome = classifyRetry(session, presented, asOf, windows)
  if (outcome === 'reused' || !isOffDevice(session, presented)) return outcome
  if (isRotatedSinceBound(session)) {
    // A token carries whole seconds.
    return isDoubtful(session, presented, presented.issuedAt + 999) ? 'reused' : 'off_device'
  }
  // The session was bound with the current token, and the caller presents the one before it. Within the grace window this may
  // be an earlier request of the same browser. If it is a thief's, it is found as `shared`.
  if (isInGrace(session.rotatedAt, asOf, windows.grace)) return outcome
  return presented.mayRenew === true ? 'off_device' : 'reused'
}

function classifyRetry(
  session: FoundSession,
  presented: PresentedToken,
  asOf: number,
  { grace, lateRetry }: Windows,
): Classification {
  const { generation, mark, caller } = presented
  const lineage = readLineage(session)
  if (generation !== (lineage?.predecessor ?? session.generation - 1)) return 'reused'
  const isRecent = isInGrace(session.rotatedAt, asOf, grace)
  if (isUnproven(session, presented)) {
    // The session was bound by the refresh that superseded this token. Its client would prove the same key again.
    if (!isRecent) return 'reused'
    return caller === lineage?.caller ? 'unproven' : 'shared'
  }
  // Nobody else can present it, so it may be repeated until its successor is used, also without any grace window.
  if (session.jkt !== null) return 'replayed'
  // One caller may have several copies: its requests were answered on two networks, in any order.
  const isOthers = lineage !== undefined && mark !== lineage.copy && caller !== lineage.caller
  if (isRecent) return isOthers ? 'shared' : 'replayed'
  const isLate = grace > 0 && asOf > session.rotatedAt && asOf - session.rotatedAt <= lateRetry
  return isLate && lineage?.isUnpresented === true && !isOthers ? 'late' : 'reused'
}
