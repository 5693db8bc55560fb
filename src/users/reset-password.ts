import { createHash, randomBytes } from 'node:crypto'
import { isInGrace } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import { oneAtATime } from '../store/one-at-a-time.ts'
import type { EndedSessions } from '../store/queries/endings.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { FoundReset } from '../store/queries/password-resets.ts'
import { claimReset, findReset, forgetReset, insertReset } from '../store/queries/password-resets.ts'
import type { AccountContext, UnfitPassword } from './accounts.ts'
import { faultOf } from './new-password.ts'

// As many as the output of SHA-256: nobody guesses a token, so a fast hash of it may be kept.
const TOKEN_BYTES = 32

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

type ResetRequested =
  | {
      readonly outcome: 'requested'
      readonly token: string
      /** Milliseconds */
      readonly expiresIn: number
      readonly events: readonly NewEvent[]
    }
  | { readonly outcome: 'unknown_user' | 'inactive_user' }

/** Makes a token with which a user sets a new password. The token of an earlier request is no longer accepted. */
export async function requestReset(
  {
    db,
    now,
    settings,
  }: Pick<AccountContext, 'db' | 'now'> & { readonly settings: Pick<Settings, 'passwordResetTtl'> },
  userId: string,
  origin: Origin,
): Promise<ResetRequested> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const at = now()
  const expiresIn = settings.passwordResetTtl
  const reset = { userId, tokenHash: hashOf(token), now: at, expiresAt: at + expiresIn }
  const result = await insertReset(db, reset, origin)
  return 'events' in result ? { ...result, token, expiresIn } : result
}

/** Why a token is refused, for the log */
export interface RefusedReset {
  readonly outcome: 'invalid' | 'expired' | 'spent' | 'inactive_user'
  readonly userId?: string
}

export type PasswordReset =
  | ({ readonly outcome: 'reset' | 'repeated'; readonly username: string } & EndedSessions)
  | RefusedReset
  | UnfitPassword

const isRepeatable = ({ settings }: Pick<AccountContext, 'settings'>, { usedAt }: FoundReset, now: number) =>
  usedAt !== null && isInGrace(usedAt, now, settings.grace)

/** @returns undefined for a token that can be used, or repeated with the same password */
export async function refusalOfReset(
  context: Pick<AccountContext, 'db' | 'now' | 'settings'>,
  token: string,
): Promise<RefusedReset | undefined> {
  return refusalOf(context, await findReset(context.db, hashOf(token)))
}

function refusalOf(
  context: Pick<AccountContext, 'now' | 'settings'>,
  found: FoundReset | undefined,
): RefusedReset | undefined {
  if (found === undefined) return { outcome: 'invalid' }
  const { userId } = found
  const now = context.now()
  if (found.deactivatedAt !== null) return { outcome: 'inactive_user', userId }
  if (isRepeatable(context, found, now)) return undefined
  if (found.usedAt !== null) return { outcome: 'spent', userId }
  return found.expiresAt <= now ? { outcome: 'expired', userId } : undefined
}

/**
 * Sets a new password with a reset token, which works once, and ends all sessions of the user. The same request may be
 * repeated within the grace window, because its answer may have been lost.
 */
export async function resetPassword(
  context: AccountContext,
  { token, newPassword }: { readonly token: string; readonly newPassword: string },
  origin: Origin,
): Promise<PasswordReset> {
  const { db, passwords, settings } = context
  const tokenHash = hashOf(token)
  const found = await findReset(db, tokenHash)
  const refusal = refusalOf(context, found)
  if (found === undefined || refusal !== undefined) return refusal ?? { outcome: 'invalid' }
  const { userId, username } = found
  if (found.usedAt !== null) return repeated(context, tokenHash, newPassword)
  const fault = await faultOf(newPassword, username, settings.password.minLength)
  if (fault !== undefined) return { outcome: 'unfit_password', fault }
  const newHash = await passwords.hash(newPassword)
  const ended = await claimReset(db, { userId, tokenHash, newHash, now: context.now() }, origin)
  return ended === undefined
    ? repeated(context, tokenHash, newPassword)
    : { outcome: 'reset', username, ...ended }
}

/** Each repetition is a guess at the password, so after a wrong one there is no other, and one is made at a time. */
function repeated(context: AccountContext, tokenHash: string, newPassword: string): Promise<PasswordReset> {
  const { db, passwords } = context
  return oneAtATime(db, tokenHash, async () => {
    const found = await findReset(db, tokenHash)
    const refusal = refusalOf(context, found)
    if (found === undefined || refusal !== undefined) return refusal ?? { outcome: 'invalid' }
    if (!isRepeatable(context, found, context.now())) return { outcome: 'spent', userId: found.userId }
    if (await passwords.verify(found.passwordHash, newPassword))
      return { outcome: 'repeated', username: found.username, endedSessions: 0, events: [] }
    await forgetReset(db, tokenHash)
    return { outcome: 'spent', userId: found.userId }
  })
}
