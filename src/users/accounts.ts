import type { Settings } from '../config/settings.ts'
import { newId } from '../ids.ts'
import { retryOvertaken } from '../retry.ts'
import type { EndedSessions } from '../store/queries/endings.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { UserRow } from '../store/queries/users.ts'
import { findPasswordHash, findUserByName, insertUser, updatePassword } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import { foldCase } from './fold-case.ts'
import type { PasswordFault } from './new-password.ts'
import { faultOf } from './new-password.ts'
import type { Passwords } from './passwords.ts'

/** The dependencies of the functions on accounts. */
export interface AccountContext {
  readonly db: Database
  readonly passwords: Passwords
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: { readonly password: Pick<Settings['password'], 'minLength'> }
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface NewAccount {
  readonly username: string
  /** Undefined: no password will do, and the user's sessions are opened by other means */
  readonly password: string | undefined
  /** Set if an operator registers the user */
  readonly reason?: 'operator'
}

export type Registration =
  | { readonly outcome: 'registered'; readonly user: UserRow; readonly events: readonly NewEvent[] }
  | { readonly outcome: 'taken' }
  | UnfitPassword

/** The fault depends only on the given password and username, so it does not reveal which users exist. */
export interface UnfitPassword {
  readonly outcome: 'unfit_password'
  readonly fault: PasswordFault
}

/** Creates a user. Without a password the user can log in only by other means: no password matches the dummy hash. */
export async function register(
  context: AccountContext,
  { username, password, reason }: NewAccount,
  origin: Origin,
): Promise<Registration> {
  const { passwords, settings } = context
  if (password !== undefined) {
    const fault = await faultOf(password, username, settings.password.minLength)
    if (fault !== undefined) return { outcome: 'unfit_password', fault }
  }
  const passwordHash = password === undefined ? passwords.dummyHash : await passwords.hash(password)
  const now = context.now()
  const user = { id: newId(now), username, usernameKey: foldCase(username), passwordHash, now, reason }
  const inserted = await insertUser(context.db, user, origin)
  return inserted === undefined ? { outcome: 'taken' } : { outcome: 'registered', ...inserted }
}

export type CredentialCheck =
  | {
      readonly outcome: 'verified'
      readonly user: UserRow
      readonly passwordHash: string
      /** A hash of the same password at a higher cost, to replace `passwordHash`. Undefined: no need. */
      readonly rehashed: string | undefined
    }
  | { readonly outcome: 'invalid' | 'inactive_user'; readonly userId: string | undefined }

/** Takes the same path and time for an unknown user as for a wrong password. */
export async function checkCredentials(
  { db, passwords }: AccountContext,
  { username, password }: Credentials,
): Promise<CredentialCheck> {
  const found = await findUserByName(db, foldCase(username))
  const matches = await passwords.verify(found?.passwordHash, password)
  if (found === undefined || !matches) return { outcome: 'invalid', userId: found?.id }
  const { passwordHash, ...user } = found
  if (user.deactivatedAt !== null) return { outcome: 'inactive_user', userId: user.id }
  return {
    outcome: 'verified',
    user,
    passwordHash,
    rehashed: await passwords.rehash(passwordHash, password),
  }
}

export type PasswordChangeOutcome =
  | ({ readonly outcome: 'changed' } & EndedSessions)
  | { readonly outcome: 'wrong_password' | 'overtaken' }
  | UnfitPassword

/**
 * Changes a password and ends all other sessions of the user.
 *
 * @returns `overtaken` when nothing was changed, because the session, the user or the password changed during hashing
 */
export async function changePassword(
  { db, passwords, now, settings }: AccountContext,
  request: {
    readonly userId: string
    readonly username: string
    readonly sessionId: string
    readonly currentPassword: string
    readonly newPassword: string
  },
  origin: Origin,
): Promise<PasswordChangeOutcome> {
  const fault = await faultOf(request.newPassword, request.username, settings.password.minLength)
  if (fault !== undefined) return { outcome: 'unfit_password', fault }
  const { userId, sessionId } = request
  let oldHash = await findPasswordHash(db, userId)
  if (!(await passwords.verify(oldHash, request.currentPassword))) return { outcome: 'wrong_password' }
  const newHash = await passwords.hash(request.newPassword)
  const outcome = await retryOvertaken<PasswordChangeOutcome>(async () => {
    if (oldHash === undefined) return { outcome: 'overtaken' }
    const change = { userId, sessionId, oldHash, newHash, now: now() }
    const ended = await updatePassword(db, change, origin)
    if (ended !== undefined) return { outcome: 'changed', ...ended }
    // A login may have replaced the hash by one of the same password at a higher cost.
    const present = await findPasswordHash(db, userId)
    if (present === oldHash || !(await passwords.verify(present, request.currentPassword)))
      return { outcome: 'overtaken' }
    oldHash = present
    return undefined
  })
  return outcome ?? { outcome: 'overtaken' }
}
