import type { Claims } from '../../tokens/jwt.ts'
import { versionOf, writeClaims } from '../../tokens/own-claims.ts'
import type { Database } from '../schema.ts'
import { locked } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEnded } from './feed.ts'
import type { UserRow } from './users.ts'
import { USER } from './users.ts'

export interface ClaimsChange {
  readonly id: string
  /** In place of all that the user had */
  readonly claims: Claims
  /** Whether access tokens from before are refused from now on */
  readonly refreshNow: boolean
  readonly now: number
}

/**
 * Replaces the claims of a user. Each refresh that begins afterwards reads them, because it reads the user's row. Nothing
 * happens if the user has them and no refresh is demanded.
 *
 * @returns undefined when the user does not exist
 */
export function setClaims(
  db: Database,
  { id, claims, refreshNow, now }: ClaimsChange,
  origin: Origin,
): Promise<{ readonly user: UserRow; readonly events: readonly NewEvent[] } | undefined> {
  return transaction(db, async (trx) => {
    const found = trx.selectFrom('users').select(USER).where('id', '=', id)
    // The lock gives each demand its own version.
    const user = await locked(trx, found).executeTakeFirst()
    if (user === undefined) return undefined
    const version = versionOf(user.claims) + (refreshNow ? 1 : 0)
    const text = writeClaims({ ...claims, ...(version > 0 && { claims_version: version }) })
    if (text === user.claims) return { user, events: [] }
    await trx.updateTable('users').set({ claims: text }).where('id', '=', id).execute()
    const events: NewEvent[] = [{ name: 'user.claims_changed', userId: id, reason: 'operator' }]
    await insertEvents(trx, events, now, origin)
    if (refreshNow) await insertEnded(trx, [{ userId: id, claimsVersion: version }], now)
    return { user: { ...user, claims: text }, events }
  })
}
