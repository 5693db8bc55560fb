import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { userAllows } from './rotation-conditions.ts'

/** What decides about the device of a session that can be refreshed. */
export interface Binding {
  readonly userId: string
  /** The thumbprint of the key that the session is bound to; null if it is bound to none */
  readonly deviceKey: string | null
}

const living = (db: Database, sessionId: string, now: number) =>
  db
    .selectFrom('sessions')
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('absolute_expires_at', '>', now)
    .where(userAllows)

/** @param now milliseconds since the epoch @returns undefined unless the session can be refreshed */
export function findBinding(db: Database, sessionId: string, now: number): Promise<Binding | undefined> {
  return living(db, sessionId, now)
    .select(['user_id as userId', 'device_key as deviceKey'])
    .executeTakeFirst()
}

/**
 * Binds a session to the key of a device, unless it is bound already or cannot be refreshed any more, also not with a token of
 * this generation.
 *
 * @returns the events that were written; none if nothing was bound
 */
export function bindSession(
  db: Database,
  binding: {
    readonly sessionId: string
    readonly generation: number
    readonly deviceKey: string
    readonly now: number
  },
  origin: Origin,
): Promise<readonly NewEvent[]> {
  const { sessionId, generation, deviceKey, now } = binding
  return transaction(db, async (trx) => {
    const bound = await trx
      .updateTable('sessions')
      .set({ device_key: deviceKey, bound_at: now })
      .where('id', '=', sessionId)
      .where('bound_at', 'is', null)
      .where('start_generation', '<=', generation)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .where('absolute_expires_at', '>', now)
      .where(userAllows)
      .returning('user_id as userId')
      .executeTakeFirst()
    if (bound === undefined) return []
    const events: NewEvent[] = [{ name: 'session.bound', userId: bound.userId, sessionId }]
    await insertEvents(trx, events, now, origin)
    return events
  })
}

/** Unbinds a session, if it is bound to this key. */
export async function unbindSession(db: Database, sessionId: string, deviceKey: string): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ device_key: null, bound_at: null })
    .where('id', '=', sessionId)
    .where('device_key', '=', deviceKey)
    .execute()
}
