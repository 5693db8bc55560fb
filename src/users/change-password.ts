import { isInGrace } from '../clock.ts'
import { retryOvertaken } from '../retry.ts'
import type { EndedSessions } from '../store/queries/endings.ts'
import type { Origin } from '../store/queries/events.ts'
import type { PasswordState, StartedSession } from '../store/queries/password-changes.ts'
import { findPassword, updatePassword } from '../store/queries/password-changes.ts'
import { findSession } from '../store/queries/sessions.ts'
import type { AccountContext, UnfitPassword } from './accounts.ts'
import { faultOf } from './new-password.ts'

export type PasswordChangeOutcome =
  /** `session`: started anew, so that only tokens made from it are accepted */
  | ({ readonly outcome: 'changed' | 'repeated'; readonly session: StartedSession } & EndedSessions)
  | { readonly outcome: 'wrong_password' | 'overtaken' }
  | UnfitPassword

export interface PasswordRequest {
  readonly userId: string
  readonly username: string
  readonly sessionId: string
  /** Of the access token */
  readonly generation: number
  /** Whether the session has started anew since the access token was issued. Then only a repetition is accepted. */
  readonly isSuperseded: boolean
  readonly currentPassword: string
  readonly newPassword: string
}

/**
 * Changes a password, ends all other sessions of the user and starts this one anew. The same change may be repeated by
 * the session that made it within the grace window, because its answer may have been lost.
 *
 * @returns `overtaken` when nothing was changed, because the session, the user or the password changed during hashing
 * @throws TooBusyError
 */
export async function changePassword(
  context: AccountContext,
  request: PasswordRequest,
  origin: Origin,
): Promise<PasswordChangeOutcome> {
  const { db, passwords, settings } = context
  const { userId, currentPassword, newPassword } = request
  const fault = await faultOf(newPassword, request.username, settings.password.minLength)
  if (fault !== undefined) return { outcome: 'unfit_password', fault }
  if (request.isSuperseded) return (await repeated(context, request)) ?? { outcome: 'overtaken' }
  let oldHash = (await findPassword(db, userId))?.passwordHash
  if (!(await passwords.verify(oldHash, currentPassword)))
    return (await repeated(context, request)) ?? { outcome: 'wrong_password' }
  const newHash = await passwords.hash(newPassword)
  const outcome = await retryOvertaken<PasswordChangeOutcome>(async () => {
    if (oldHash === undefined) return { outcome: 'overtaken' }
    const now = context.now()
    const change = { ...request, oldHash, newHash, now, expiresAt: now + settings.refreshTokenTtl }
    const changed = await updatePassword(db, change, origin)
    if (changed !== undefined) return { outcome: 'changed', ...changed }
    const faster = await repeated(context, request)
    if (faster !== undefined) return faster
    // A login may have replaced the hash by one of the same password at a higher cost.
    const present = (await findPassword(db, userId))?.passwordHash
    if (present === oldHash || !(await passwords.verify(present, currentPassword)))
      return { outcome: 'overtaken' }
    oldHash = present
    return undefined
  })
  return outcome ?? { outcome: 'overtaken' }
}

/** Whether the session has changed the password within the grace window, so that it may repeat the change. */
export async function mayRepeatChange(
  context: AccountContext,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
): Promise<boolean> {
  return replacedBy(context, await findPassword(context.db, userId), sessionId) !== undefined
}

function replacedBy({ now, settings }: AccountContext, state: PasswordState | undefined, sessionId: string) {
  const replaced = state?.replaced
  if (replaced === undefined || replaced.bySessionId !== sessionId) return undefined
  return isInGrace(replaced.at, now(), settings.grace) ? replaced.hash : undefined
}

/** @returns undefined unless the same change by the same session was carried out within the grace window */
async function repeated(
  context: AccountContext,
  { userId, sessionId, generation, currentPassword, newPassword }: PasswordRequest,
): Promise<PasswordChangeOutcome | undefined> {
  const { db, passwords } = context
  const now = context.now()
  // The session is read first: if it starts anew once more meanwhile, the tokens made from this row are refused.
  const found = await findSession(db, { userId, sessionId }, now)
  const state = await findPassword(db, userId)
  const replacedHash = replacedBy(context, state, sessionId)
  if (replacedHash === undefined || found?.session === undefined) return undefined
  const { user, session } = found
  // A token that was issued since asks for something new.
  if (generation >= session.startGeneration) return undefined
  const isActive = session.revokedAt === null && session.absoluteExpiresAt > now
  if (user.deactivatedAt !== null || !isActive) return undefined
  // Each request is one guess: nothing else is compared unless the new password is right.
  if (!(await passwords.verify(state?.passwordHash, newPassword))) return undefined
  if (!(await passwords.verify(replacedHash, currentPassword))) return undefined
  return { outcome: 'repeated', session, endedSessions: 0, events: [] }
}
