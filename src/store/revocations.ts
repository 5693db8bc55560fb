import { retried } from './retry.ts'
import type { Database } from './schema.ts'

export type RevocationReason =
  | 'logout'
  | 'logout_all'
  | 'ended'
  | 'reuse'
  | 'restored'
  | 'password'
  | 'deactivated'
  | 'operator'

/**
 * Ends it if it is not ended yet, also past its absolute deadline: no clock that is set back may bring it to life again.
 * @returns whether it lived until now
 */
export async function revokeSession(
  db: Database,
  id: string,
  reason: RevocationReason,
  now: number,
  userId?: string,
): Promise<boolean> {
  const row = await db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('id', '=', id)
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
    .where('revoked_at', 'is', null)
    .returning('absolute_expires_at as absoluteExpiresAt')
    .executeTakeFirst()
  return row !== undefined && row.absoluteExpiresAt > now
}

/** Likewise. @returns the ids of those that lived until now */
export async function revokeSessionsOfUser(
  db: Database,
  userId: string,
  reason: RevocationReason,
  now: number,
  except = '',
): Promise<string[]> {
  const update = db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('id', '<>', except)
    .where('revoked_at', 'is', null)
    .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])
  const rows = await retried(db, () => update.execute())
  return rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).map(({ id }) => id)
}

// Small enough that a refresh hardly waits for one.
const BATCH = 200

/** Everybody's, batch by batch. @returns how many lived until now */
export async function revokeAllSessions(
  db: Database,
  reason: RevocationReason,
  now: number,
): Promise<number> {
  let count = 0
  let after = ''
  for (;;) {
    const ids = db
      .selectFrom('sessions')
      .select('id')
      .where('id', '>', after)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .limit(BATCH)
    const update = db
      .updateTable('sessions')
      .set({ revoked_at: now, revoked_reason: reason })
      .where('id', 'in', ids)
      .where('revoked_at', 'is', null)
      .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])
    const rows = await retried(db, () => update.execute())
    if (rows.length === 0) return count
    count += rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).length
    after = rows.reduce((last, { id }) => (id > last ? id : last), after)
  }
}
