import type { Settings } from '../config/settings.ts'
import { newId } from '../ids.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { mostForeignWork } from '../store/queries/foreign-hashes.ts'
import { insertUser } from '../store/queries/insert-user.ts'
import type { UserRow } from '../store/queries/users.ts'
import { findUserByName } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import type { BroughtUser } from './brought-user.ts'
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
  readonly settings: Pick<Settings, 'grace' | 'refreshTokenTtl'> & {
    readonly password: Pick<Settings['password'], 'minLength'>
  }
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
  /** What another system knows of the user */
  readonly brought?: BroughtUser | undefined
}

export type Registration =
  | { readonly outcome: 'registered'; readonly user: UserRow; readonly events: readonly NewEvent[] }
  | { readonly outcome: 'taken' }
  /** Only with a given id */
  | { readonly outcome: 'id_taken' }
  | UnfitPassword

/** The fault depends only on the given password and username, so it does not reveal which users exist. */
export interface UnfitPassword {
  readonly outcome: 'unfit_password'
  readonly fault: PasswordFault
}

/** Creates a user. Without a password the user can log in only by other means: no password matches the dummy hash. */
export async function register(
  context: AccountContext,
  { username, password, reason, brought }: NewAccount,
  origin: Origin,
): Promise<Registration> {
  const { passwords, settings } = context
  if (password !== undefined) {
    const fault = await faultOf(password, username, settings.password.minLength)
    if (fault !== undefined) return { outcome: 'unfit_password', fault }
  }
  const passwordHash = password === undefined ? passwords.dummyHash : await passwords.hash(password)
  const now = context.now()
  const made = { id: newId(now), username, usernameKey: foldCase(username), passwordHash, now, reason }
  const inserted = await insertUser(context.db, { ...made, ...brought }, origin)
  return typeof inserted === 'string' ? { outcome: inserted } : { outcome: 'registered', ...inserted }
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
  const matches = await passwords.verify(found?.passwordHash, password, await mostForeignWork(db))
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
