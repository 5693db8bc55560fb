import { inSlices } from '../../slices.ts'
import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import { defined } from './defined.ts'
import type { EndedSessions } from './endings.ts'
import { endSessions, SLICE, withEnding } from './endings.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEnded } from './feed.ts'
import type { ForeignWork } from './foreign-hashes.ts'
import { workColumns } from './foreign-hashes.ts'
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

export interface NewUser {
  readonly id: string
  readonly username: string
  readonly usernameKey: string
  readonly passwordHash: string
  readonly now: number
  /** Milliseconds since the epoch. Undefined: now */
  readonly createdAt?: number | undefined
  readonly isDeactivated?: boolean | undefined
  /** Of a hash that another system has made */
  readonly work?: ForeignWork | undefined
  /** Set if an operator registers the user */
  readonly reason?: 'operator' | undefined
  readonly claims?: string | null
}

/** The columns of a new user */
export const userColumns = (user: NewUser) => ({
  id: user.id,
  username: user.username,
  username_key: user.usernameKey,
  password_hash: user.passwordHash,
  created_at: user.createdAt ?? user.now,
  deactivated_at: user.isDeactivated === true ? user.now : null,
  claims: user.claims ?? null,
  ...workColumns(user.work),
})

/**
 * Finds which ids belonged to users who were deleted. While that is known, the ids stay theirs: what is kept of them names
 * them, and what has ended for them has ended for whoever has their id.
 */
export async function deletedIds(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('events')
    .select('user_id')
    .where('user_id', 'in', ids)
    .where('name', '=', 'user.deleted')
    .execute()
  return new Set(rows.flatMap(({ user_id }) => user_id ?? []))
}

/** @returns `taken` for the username, or `id_taken`, also by a user who was deleted */
export function insertUser(
  db: Database,
  user: NewUser,
  origin: Origin,
): Promise<{ readonly user: UserRow; readonly events: readonly NewEvent[] } | 'taken' | 'id_taken'> {
  return transaction(db, async (trx) => {
    const row = await trx
      .insertInto('users')
      .values(userColumns(user))
      .onConflict((conflict) => conflict.doNothing())
      .returning(USER)
      .executeTakeFirst()
    if (row === undefined) return (await findUser(trx, user.id)) === undefined ? 'taken' : 'id_taken'
    if ((await deletedIds(trx, [user.id])).size > 0) {
      await trx.deleteFrom('users').where('id', '=', user.id).execute()
      return 'id_taken'
    }
    const events: NewEvent[] = [{ name: 'user.registered', userId: row.id, reason: user.reason }]
    await insertEvents(trx, events, user.now, origin)
    return { user: row, events }
  })
}

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
