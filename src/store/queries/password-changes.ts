import type { Transaction } from 'kysely'
import type { Database, Schema } from '../schema.ts'
import { locked } from '../statement.ts'
import type { EndedSessions, Ending } from './endings.ts'
import { endSessions, withEnding } from './endings.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEnded } from './feed.ts'
import { OWN_HASH } from './foreign-hashes.ts'
import { isNotEnding, refreshedFrom, rotatedColumns, SESSION } from './rotation-conditions.ts'
import type { FoundSession, Session } from './sessions.ts'

export interface PasswordChange {
  readonly userId: string
  /** The session that changes the password. It must be active, and it is the only one that stays active. */
  readonly sessionId: string
  /** Of the access token that asks for the change */
  readonly generation: number
  readonly oldHash: string
  readonly newHash: string
  readonly now: number
  /** The new idle deadline */
  readonly expiresAt: number
}

/** What the tokens of the answer are made from */
export type StartedSession = Session & Pick<FoundSession, 'cookieAt'>

/**
 * Changes a password, ends the other sessions of the user and starts this one anew: no token that was issued before is
 * accepted afterwards.
 *
 * @returns undefined when the old hash was replaced, the session is not active, or it was started anew meanwhile
 */
export function updatePassword(
  db: Database,
  change: PasswordChange,
  origin: Origin,
): Promise<(EndedSessions & { readonly session: StartedSession }) | undefined> {
  const { userId, sessionId, now } = change
  return withEnding(db, userId, async (trx) => {
    // The user's row is locked first: see endSessions.
    const user = trx
      .selectFrom('users')
      .select('id')
      .where('id', '=', userId)
      .where('password_hash', '=', change.oldHash)
      .where('deactivated_at', 'is', null)
    if ((await locked(trx, user).executeTakeFirst()) === undefined) return undefined
    // This lock puts another end of this session, and its event, before or after the password change.
    const session = await startAnew(trx, change, origin)
    if (session === undefined) return undefined
    await dropReset(trx, userId)
    await trx
      .updateTable('users')
      .set({
        password_hash: change.newHash,
        ...OWN_HASH,
        replaced_hash: change.oldHash,
        replaced_at: now,
        replaced_by: sessionId,
      })
      .where('id', '=', userId)
      .execute()
    const cause: NewEvent = { name: 'password.changed', userId, sessionId }
    const end = { userId, reason: 'password', now, origin, except: sessionId, cause } as const
    const ended = await endSessions(trx, end)
    await insertEnded(trx, [{ sessionId, generation: session.generation }], now)
    return { ...ended, session }
  })
}

function startAnew(
  trx: Database,
  change: PasswordChange,
  { address, userAgent }: Origin,
): Promise<StartedSession | undefined> {
  return trx
    .updateTable('sessions')
    .set((eb) => ({
      ...rotatedColumns(change),
      ...refreshedFrom({ now: change.now, address: address ?? '', userAgent: userAgent ?? '' }),
      // No access token from before can ask what is shown.
      shown: null,
      lineage: null,
      start_generation: eb('generation', '+', 1),
      // It skips one if the session has been rotated, because a generation above the start is what shows that.
      generation: eb
        .case()
        .when('generation', '>', eb.ref('start_generation'))
        .then(eb('generation', '+', 2))
        .else(eb('generation', '+', 1))
        .end(),
    }))
    .where('id', '=', change.sessionId)
    .where('user_id', '=', change.userId)
    .where('start_generation', '<=', change.generation)
    .where('revoked_at', 'is', null)
    .where('absolute_expires_at', '>', change.now)
    .where(isNotEnding)
    .returning(SESSION)
    .returning('sessions.cookie_at as cookieAt')
    .executeTakeFirst()
}

/**
 * Sets a password for a user, who may have forgotten the old one or never had any, and ends all sessions of the user.
 *
 * @returns undefined when the user does not exist
 */
export function replacePassword(
  db: Database,
  { userId, newHash, now }: Pick<PasswordChange, 'userId' | 'newHash' | 'now'>,
  origin: Origin,
): Promise<EndedSessions | undefined> {
  return withEnding(db, userId, async (trx) => {
    const ending = await replaceLocked(trx, { userId, newHash, now, reason: 'operator' }, origin)
    if (ending !== undefined) await dropReset(trx, userId)
    return ending
  })
}

/** @param replacement.reason who replaces it: an operator, or the holder of a reset token */
export async function replaceLocked(
  trx: Transaction<Schema>,
  {
    userId,
    newHash,
    now,
    reason,
  }: Pick<PasswordChange, 'userId' | 'newHash' | 'now'> & { readonly reason: 'operator' | 'reset' },
  origin: Origin,
): Promise<Ending | undefined> {
  // This locks the user's row first: see endSessions. A login that has verified the old hash waits here and then fails.
  const user = await trx
    .updateTable('users')
    // An earlier change can no longer be repeated.
    .set({ password_hash: newHash, ...OWN_HASH, replaced_hash: null, replaced_at: null, replaced_by: null })
    .where('id', '=', userId)
    .returning('id')
    .executeTakeFirst()
  if (user === undefined) return undefined
  const cause: NewEvent = { name: 'password.changed', userId, reason }
  return endSessions(trx, { userId, reason: 'password', now, origin, cause })
}

/** A reset token does not outlive what its user or an operator did since: the user's row is locked. */
export async function dropReset(trx: Transaction<Schema>, userId: string): Promise<void> {
  await trx.deleteFrom('password_resets').where('user_id', '=', userId).execute()
}

/** A password and the one that it replaced. Times are in milliseconds since the epoch. */
export interface PasswordState {
  readonly passwordHash: string
  /** Undefined unless a session has replaced it recently */
  readonly replaced:
    | { readonly hash: string; readonly at: number; readonly bySessionId: string | null }
    | undefined
}

export async function findPassword(db: Database, userId: string): Promise<PasswordState | undefined> {
  const row = await db
    .selectFrom('users')
    .select(['password_hash', 'replaced_hash', 'replaced_at', 'replaced_by'])
    .where('id', '=', userId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { password_hash: passwordHash, replaced_hash: hash, replaced_at: at, replaced_by: bySessionId } = row
  return { passwordHash, replaced: hash === null || at === null ? undefined : { hash, at, bySessionId } }
}
