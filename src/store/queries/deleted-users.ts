import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEndOfUser } from './feed.ts'
import type { PrunedBatch } from './prune.ts'
import { timed, unlocked } from './prune.ts'

/** Whether a user has more rows than one transaction should delete. */
export async function hasManyRows(db: Database, userId: string, most: number): Promise<boolean> {
  for (const table of ['sessions', 'rate_limits'] as const) {
    const rows = db
      .selectFrom(table)
      .select('user_id')
      .where('user_id', '=', userId)
      .limit(most + 1)
    if ((await rows.execute()).length > most) return true
  }
  return false
}

/**
 * Stops a user from opening and continuing sessions, while these are deleted.
 *
 * @returns the event that was written: none if the user is not active
 */
export function beginDeletion(
  db: Database,
  id: string,
  now: number,
  origin: Origin,
): Promise<readonly NewEvent[]> {
  return transaction(db, async (trx) => {
    const user = await trx
      .updateTable('users')
      .set({ deactivated_at: now })
      .where('id', '=', id)
      .where('deactivated_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (user === undefined) return []
    const events: NewEvent[] = [{ name: 'user.deactivated', userId: id, reason: 'deleted' }]
    await insertEvents(trx, events, now, origin)
    // Not all sessions for good: if the deletion is interrupted, the user may be activated again.
    await insertEndOfUser(trx, id, now)
    return events
  })
}

/** Deletes some sessions and remembered logins of a user. @returns whether there were any */
export function deleteSomeRows(db: Database, userId: string, batch: number): Promise<boolean> {
  return transaction(db, async (trx) => {
    // The user's row is locked first: see revokeSessionsOfUser.
    const user = trx.selectFrom('users').select('id').where('id', '=', userId)
    if (isPostgres(trx)) await user.forNoKeyUpdate().execute()
    const sessions = trx.selectFrom('sessions').select('id').where('user_id', '=', userId).limit(batch)
    const logins = trx.selectFrom('rate_limits').select('key').where('user_id', '=', userId).limit(batch)
    const ended = await trx.deleteFrom('sessions').where('id', 'in', sessions).executeTakeFirst()
    const forgotten = await trx.deleteFrom('rate_limits').where('key', 'in', logins).executeTakeFirst()
    return ended.numDeletedRows + forgotten.numDeletedRows > 0n
  })
}

export interface DeletedUser {
  readonly id: string
  /** The position of `user.deleted` */
  readonly position: number
}

/** Lists deleted users whose deletion is still known, in the order of their deletion. */
export async function deletedUsers(db: Database, after: number, limit: number): Promise<DeletedUser[]> {
  const rows = await db
    .selectFrom('events')
    .select(['user_id', 'position'])
    .where('name', '=', 'user.deleted')
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map(({ user_id, position }) => ({ id: user_id ?? '', position }))
}

/**
 * Deletes events of deleted users, but not `user.deleted`.
 *
 * @param awaitsDelivery whether there is a webhook: events that it has not accepted are left to a later batch
 */
export function deleteEventsOf(
  db: Database,
  userIds: readonly string[],
  awaitsDelivery: boolean,
  batch: number,
): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const events = trx
      .selectFrom('events')
      .select('position')
      .where('user_id', 'in', userIds)
      .where('name', '<>', 'user.deleted')
      .$if(awaitsDelivery, (query) => query.where('deliver_at', 'is', null))
    const deletion = trx.deleteFrom('events').where('position', 'in', unlocked(trx, events, batch))
    return { gone: Number((await deletion.executeTakeFirst()).numDeletedRows), kept: 0 }
  })
}

/** Whether a webhook has ever been posted to. Reads the whole table, if not: for commands only. */
export async function hasWebhook(db: Database): Promise<boolean> {
  const attempted = db.selectFrom('events').select('position').where('attempts', '>', 0).limit(1)
  return (await attempted.execute()).length > 0
}
