import { inSlices } from '../../slices.ts'
import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import { defined } from './defined.ts'
import type { EndedSessions } from './endings.ts'
import { endSessions, SLICE, withEnding } from './endings.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEnded } from './feed.ts'
import { dropReset } from './password-changes.ts'

/** A user. Times are in milliseconds since the epoch. */
export interface UserRow {
  readonly id: string
  readonly username: string
  readonly createdAt: number
  readonly lastLoginAt: number | null
  readonly deactivatedAt: number | null
  /** JSON: see `src/tokens/own-claims.ts`. Null: none */
  readonly claims: string | null
}

export const USER = [
  'users.id as id',
  'users.username as username',
  'users.created_at as createdAt',
  'users.last_login_at as lastLoginAt',
  'users.deactivated_at as deactivatedAt',
  'users.claims as claims',
] as const

export function findUser(db: Database, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').select(USER).where('id', '=', id).executeTakeFirst()
}

export function findUserByName(
  db: Database,
  usernameKey: string,
): Promise<(UserRow & { readonly passwordHash: string }) | undefined> {
  return db
    .selectFrom('users')
    .select(USER)
    .select('password_hash as passwordHash')
    .where('username_key', '=', usernameKey)
    .executeTakeFirst()
}

// Rows
const PAGE = 500

/** Lists all users page by page, in the order of their folded names. */
export async function* usersByName(db: Database): AsyncGenerator<UserRow[]> {
  let after = ''
  for (;;) {
    const found = await db
      .selectFrom('users')
      .select(USER)
      .select('username_key as usernameKey')
      .where('username_key', '>', after)
      .orderBy('username_key')
      .limit(PAGE)
      .execute()
    if (found.length > 0 || after === '') yield found.map(({ usernameKey: _, ...user }) => user)
    if (found.length < PAGE) return
    after = found.at(-1)?.usernameKey ?? ''
  }
}

/** @returns usernames by id, without those of deleted users */
export async function usernamesOf(db: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('users').select(['id', 'username']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, username }) => [id, username]))
}

export interface UserPage {
  /** The id of the last user of the previous page; empty for the first page */
  readonly after: string
  readonly limit: number
  readonly usernameKey?: string | undefined
}

/** Lists users in the order of their ids, which never changes. The cost depends only on the size of the page. */
export function pageOfUsers(db: Database, { after, limit, usernameKey }: UserPage): Promise<UserRow[]> {
  return db
    .selectFrom('users')
    .select(USER)
    .where('id', '>', after)
    .where((eb) => eb.and(defined({ username_key: usernameKey })))
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Deactivates a user and ends all sessions of the user. @returns undefined when the user does not exist */
export function deactivateUser(
  db: Database,
  id: string,
  now: number,
  origin: Origin,
): Promise<EndedSessions | undefined> {
  return withEnding(db, id, async (trx) => {
    const user = await trx
      .updateTable('users')
      .set({ deactivated_at: now })
      .where('id', '=', id)
      .where('deactivated_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (user === undefined) return (await findUser(trx, id)) && { endedSessions: 0, events: [] }
    await dropReset(trx, id)
    const cause: NewEvent = { name: 'user.deactivated', userId: id }
    return endSessions(trx, { userId: id, reason: 'deactivated', now, origin, cause })
  })
}

/**
 * Activates a user again. Ended sessions stay ended.
 *
 * @returns the events that were written: none if the user was active. Undefined when the user does not exist
 */
export function activateUser(
  db: Database,
  id: string,
  now: number,
  origin: Origin,
): Promise<readonly NewEvent[] | undefined> {
  return transaction(db, async (trx) => {
    const user = await trx
      .updateTable('users')
      .set({ deactivated_at: null })
      .where('id', '=', id)
      .where('deactivated_at', 'is not', null)
      .returning('id')
      .executeTakeFirst()
    if (user === undefined) return (await findUser(trx, id)) && []
    const events: NewEvent[] = [{ name: 'user.activated', userId: id }]
    await insertEvents(trx, events, now, origin)
    return events
  })
}

/**
 * Deletes a user with all sessions. A user with very many is deactivated first, so that nothing of the user lives on if
 * the process dies before all rows are deleted.
 *
 * @returns the events that were written. Undefined when the user does not exist
 */
export async function deleteUser(
  db: Database,
  id: string,
  now: number,
  origin: Origin,
): Promise<readonly NewEvent[] | undefined> {
  const earlier = (await hasVeryMany(db, id)) ? await deleteSessions(db, id, now, origin) : []
  return transaction(db, async (trx) => {
    const user = await trx.deleteFrom('users').where('id', '=', id).returning('id').executeTakeFirst()
    if (user === undefined) return undefined
    const events: NewEvent[] = [{ name: 'user.deleted', userId: id }]
    await insertEvents(trx, events, now, origin)
    await insertEnded(trx, [{ userId: id }], now)
    return [...earlier, ...events]
  })
}

const sessionIds = (db: Database, userId: string, limit: number) =>
  db.selectFrom('sessions').select('id').where('user_id', '=', userId).limit(limit)

const hasVeryMany = async (db: Database, userId: string) =>
  (await sessionIds(db, userId, SLICE + 1).execute()).length > SLICE

/** @returns the events of the deactivation */
async function deleteSessions(
  db: Database,
  userId: string,
  now: number,
  origin: Origin,
): Promise<readonly NewEvent[]> {
  const ended = await deactivateUser(db, userId, now, origin)
  const slice = async () => {
    const ids = (await sessionIds(db, userId, SLICE).execute()).map(({ id }) => id)
    if (ids.length > 0) await db.deleteFrom('sessions').where('id', 'in', ids).execute()
    return ids.length === SLICE
  }
  await inSlices(slice, { pauseFactor: 1 })
  return ended?.events ?? []
}
