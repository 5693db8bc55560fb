import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import type { ForeignWork } from './foreign-hashes.ts'
import { workColumns } from './foreign-hashes.ts'
import type { UserRow } from './users.ts'
import { findUser, USER } from './users.ts'

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
 * Finds which ids belonged to deleted users. Such an id is not given to another user while events name it: the feed says that
 * everything of this id has ended, and pruning deletes its events.
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
