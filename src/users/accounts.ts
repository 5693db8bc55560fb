import type { Database } from '../store/schema.ts'
import type { UserRow } from '../store/users.ts'
import { findPasswordHash, findUserByName, insertUser, updatePassword } from '../store/users.ts'
import { newId } from '../tokens/id.ts'
import type { Passwords } from './passwords.ts'
import { usernameKey } from './usernames.ts'

/** What accounts work with. */
export interface AccountContext {
  readonly db: Database
  readonly passwords: Passwords
  /** Milliseconds since the epoch */
  readonly now: () => number
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

export type Registration =
  | { readonly outcome: 'registered'; readonly user: UserRow }
  | { readonly outcome: 'taken' }

/** @throws TooBusyError */
export async function register(context: AccountContext, credentials: Credentials): Promise<Registration> {
  const passwordHash = await context.passwords.hash(credentials.password)
  const now = context.now()
  const user = await insertUser(context.db, {
    id: newId(now),
    username: credentials.username,
    usernameKey: usernameKey(credentials.username),
    passwordHash,
    now,
  })
  return user === undefined ? { outcome: 'taken' } : { outcome: 'registered', user }
}

export type CredentialCheck =
  | { readonly outcome: 'verified'; readonly user: UserRow; readonly passwordHash: string }
  | { readonly outcome: 'invalid' | 'inactive_user'; readonly userId: string | undefined }

/** The same path and time for an unknown user as for a wrong password. @throws TooBusyError */
export async function checkCredentials(
  { db, passwords }: AccountContext,
  { username, password }: Credentials,
): Promise<CredentialCheck> {
  const found = await findUserByName(db, usernameKey(username))
  const matches = await passwords.verify(found?.passwordHash, password)
  if (found === undefined || !matches) return { outcome: 'invalid', userId: found?.id }
  const { passwordHash, ...user } = found
  if (user.deactivatedAt !== null) return { outcome: 'inactive_user', userId: user.id }
  return { outcome: 'verified', user, passwordHash }
}

export type PasswordChangeOutcome =
  | { readonly outcome: 'changed'; readonly endedSessions: readonly string[] }
  | { readonly outcome: 'wrong_password' | 'overtaken' }

/**
 * Ends all other sessions of the user. `overtaken`: the session, the user or the password changed while the passwords
 * were hashed, and nothing was done. @throws TooBusyError
 */
export async function changePassword(
  { db, passwords, now }: AccountContext,
  request: {
    readonly userId: string
    readonly sessionId: string
    readonly currentPassword: string
    readonly newPassword: string
  },
): Promise<PasswordChangeOutcome> {
  const oldHash = await findPasswordHash(db, request.userId)
  if (!(await passwords.verify(oldHash, request.currentPassword)) || oldHash === undefined) {
    return { outcome: 'wrong_password' }
  }
  const newHash = await passwords.hash(request.newPassword)
  const { userId, sessionId } = request
  const endedSessions = await updatePassword(db, { userId, sessionId, oldHash, newHash, now: now() })
  return endedSessions === undefined ? { outcome: 'overtaken' } : { outcome: 'changed', endedSessions }
}
