import type { EndedSessions } from '../store/queries/endings.ts'
import type { Origin } from '../store/queries/events.ts'
import { replacePassword } from '../store/queries/password-changes.ts'
import type { AccountContext, UnfitPassword } from './accounts.ts'
import { faultOf } from './new-password.ts'

export type PasswordSetting =
  | ({ readonly outcome: 'set' } & EndedSessions)
  | { readonly outcome: 'unknown_user' }
  | UnfitPassword

/** Sets a password by an operator, without the old one. All sessions of the user end. */
export async function setPassword(
  {
    db,
    passwords,
    settings,
    now,
  }: Pick<AccountContext, 'db' | 'passwords' | 'now'> & {
    readonly settings: Pick<AccountContext['settings'], 'password'>
  },
  { id, username }: { readonly id: string; readonly username: string },
  password: string,
  origin: Origin,
): Promise<PasswordSetting> {
  const fault = await faultOf(password, username, settings.password.minLength)
  if (fault !== undefined) return { outcome: 'unfit_password', fault }
  const newHash = await passwords.hash(password)
  const ended = await replacePassword(db, { userId: id, newHash, now: now() }, origin)
  return ended === undefined ? { outcome: 'unknown_user' } : { outcome: 'set', ...ended }
}
