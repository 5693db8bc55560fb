import type { NewEvent, Origin } from './events.ts'
import { insertEvents, OPERATOR } from './events.ts'
import { transaction } from './retry.ts'
import type { Database } from './schema.ts'
import { isPostgres } from './schema.ts'

export type RevocationReason =
  | 'logout'
  | 'logout_all'
  | 'ended'
  | 'reuse'
  | 'restored'
  | 'password'
  | 'deactivated'
  | 'operator'

// Of a revocation that is itself the answer to something
const ALARMS: { readonly [Reason in RevocationReason]?: string } = {
  reuse: 'token.reuse_detected',
  restored: 'session.restored',
}

const revoked = (userId: string, sessionId: string, reason: RevocationReason): NewEvent => ({
  name: 'session.revoked',
  userId,
  sessionId,
  reason,
})

/**
 * Ends it if it is not ended yet, also past its absolute deadline: no clock that is set back may bring it to life again.
 * @returns whether it lived until now
 */
export function revokeSession(
  db: Database,
  id: string,
  reason: RevocationReason,
  now: number,
  userId?: string,
  origin: Origin = OPERATOR,
): Promise<boolean> {
  return transaction(db, async (trx) => {
    const row = await trx
      .updateTable('sessions')
      .set({ revoked_at: now, revoked_reason: reason })
      .where('id', '=', id)
      .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
      .where('revoked_at', 'is', null)
      .returning(['user_id as userId', 'absolute_expires_at as absoluteExpiresAt'])
      .executeTakeFirst()
    if (row === undefined || row.absoluteExpiresAt <= now) return false
    const alarm = ALARMS[reason]
    const events = [revoked(row.userId, id, reason)]
    if (alarm !== undefined) events.unshift({ name: alarm, userId: row.userId, sessionId: id })
    await insertEvents(trx, events, now, origin)
    return true
  })
}

/**
 * Likewise. The user's row is locked first, as by all who end several of their sessions: in whatever order they would come
 * to them, nobody waits for the other. @returns the ids of those that lived until now
 */
export function revokeSessionsOfUser(
  db: Database,
  userId: string,
  reason: RevocationReason,
  now: number,
  except = '',
  origin: Origin = OPERATOR,
): Promise<string[]> {
  return transaction(db, async (trx) => {
    const user = trx.selectFrom('users').select('id').where('id', '=', userId)
    if (isPostgres(trx)) await user.forNoKeyUpdate().execute()
    const rows = await trx
      .updateTable('sessions')
      .set({ revoked_at: now, revoked_reason: reason })
      .where('user_id', '=', userId)
      .where('id', '<>', except)
      .where('revoked_at', 'is', null)
      .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])
      .execute()
    const ended = rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).map(({ id }) => id)
    const events = ended.map((id) => revoked(userId, id, reason))
    await insertEvents(trx, events, now, origin)
    return ended
  })
}

// Small enough that a refresh hardly waits for one.
const BATCH = 500

// After each batch everybody else has SQLite's file for so many times as long as it took. Whoever waits for the lock only
// looks now and then whether it is free, up to 100 ms apart, and the event loop of the service stands still meanwhile.
const BREATH = 3

/**
 * Everybody's, batch by batch, and one event for them all. Ids begin with the time, so that a session that is opened
 * meanwhile comes last. Whoever is broken off is run again. @returns how many lived until now
 */
export async function revokeAllSessions(
  db: Database,
  reason: RevocationReason,
  now: number,
): Promise<number> {
  let count = 0
  let after = ''
  for (;;) {
    const begun = performance.now()
    const rows = await transaction(db, async (trx) => {
      const batch = await revokeBatch(trx, after, reason, now)
      // With the first one, so that none has ended without it.
      if (count === 0 && lived(batch, now) > 0)
        await insertEvents(trx, [{ name: 'sessions.revoked', reason }], now, OPERATOR)
      return batch
    })
    if (rows.length === 0) return count
    count += lived(rows, now)
    after = rows.reduce((last, { id }) => (id > last ? id : last), after)
    const taken = performance.now() - begun
    if (!isPostgres(db)) await new Promise((resolve) => setTimeout(resolve, BREATH * taken))
  }
}

const lived = (rows: readonly { readonly absoluteExpiresAt: number }[], now: number) =>
  rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).length

function revokeBatch(db: Database, after: string, reason: RevocationReason, now: number) {
  const ids = db
    .selectFrom('sessions')
    .select('id')
    .where('id', '>', after)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .limit(BATCH)
  return db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])
    .execute()
}
