/** Tokens with which users set a new password: see `docs/adr/0065-password-reset.md`. */
import type { Transaction } from 'kysely'
import type { Database, Schema } from '../schema.ts'
import { locked } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { EndedSessions } from './endings.ts'
import { withEnding } from './endings.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { replaceLocked } from './password-changes.ts'
import type { PrunedBatch } from './prune.ts'
import { timed, unlocked } from './prune.ts'
import { findUser } from './users.ts'

/** Times are in milliseconds since the epoch. */
export interface NewReset {
  readonly userId: string
  readonly tokenHash: string
  readonly now: number
  readonly expiresAt: number
}

export type ResetRequest =
  | { readonly outcome: 'requested'; readonly events: readonly NewEvent[] }
  | { readonly outcome: 'unknown_user' | 'inactive_user' }

// The lock of the user's row puts everything that a token depends on, or ends, before or after the other.
const lockActiveUser = (trx: Transaction<Schema>, userId: string) => {
  const user = trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('deactivated_at', 'is', null)
  return locked(trx, user).executeTakeFirst()
}

/** Writes a token in place of the user's last one. */
export function insertReset(
  db: Database,
  { userId, tokenHash, now, expiresAt }: NewReset,
  origin: Origin,
): Promise<ResetRequest> {
  return transaction(db, async (trx) => {
    if ((await lockActiveUser(trx, userId)) === undefined) {
      const isThere = (await findUser(trx, userId)) !== undefined
      return { outcome: isThere ? 'inactive_user' : 'unknown_user' }
    }
    const token = { token_hash: tokenHash, expires_at: expiresAt, used_at: null }
    await trx
      .insertInto('password_resets')
      .values({ user_id: userId, ...token })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(token))
      .execute()
    const events: NewEvent[] = [{ name: 'password.reset_requested', userId, reason: 'operator' }]
    await insertEvents(trx, events, now, origin)
    return { outcome: 'requested', events }
  })
}

export interface FoundReset {
  readonly userId: string
  readonly username: string
  readonly passwordHash: string
  readonly deactivatedAt: number | null
  readonly expiresAt: number
  readonly usedAt: number | null
}

export function findReset(db: Database, tokenHash: string): Promise<FoundReset | undefined> {
  return db
    .selectFrom('password_resets')
    .innerJoin('users', 'users.id', 'password_resets.user_id')
    .select([
      'users.id as userId',
      'users.username as username',
      'users.password_hash as passwordHash',
      'users.deactivated_at as deactivatedAt',
      'password_resets.expires_at as expiresAt',
      'password_resets.used_at as usedAt',
    ])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
}

export interface UsedReset {
  readonly userId: string
  readonly tokenHash: string
  readonly newHash: string
  readonly now: number
}

/**
 * Uses a token: sets the password and ends all sessions of the user.
 *
 * @returns undefined when the token is not good any more
 */
export function claimReset(
  db: Database,
  { userId, tokenHash, newHash, now }: UsedReset,
  origin: Origin,
): Promise<EndedSessions | undefined> {
  return withEnding(db, userId, async (trx) => {
    if ((await lockActiveUser(trx, userId)) === undefined) return undefined
    const token = await trx
      .updateTable('password_resets')
      .set({ used_at: now })
      .where('user_id', '=', userId)
      .where('token_hash', '=', tokenHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .returning('user_id')
      .executeTakeFirst()
    return token && replaceLocked(trx, { userId, newHash, now, reason: 'reset' }, origin)
  })
}

/** Makes a used token unrepeatable. */
export async function forgetReset(db: Database, tokenHash: string): Promise<void> {
  await db
    .deleteFrom('password_resets')
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is not', null)
    .execute()
}

/** Deletes tokens that expired until `cutoff`, in milliseconds since the epoch. */
export function pruneResets(db: Database, cutoff: number, batch: number): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const expired = trx.selectFrom('password_resets').select('user_id').where('expires_at', '<=', cutoff)
    const deletion = trx.deleteFrom('password_resets').where('user_id', 'in', unlocked(trx, expired, batch))
    return { gone: Number((await deletion.executeTakeFirst()).numDeletedRows), kept: 0 }
  })
}
