import { inSlices } from '../../slices.ts'
import type { SecurityEvent } from '../event-names.ts'
import { fewAtATime } from '../few-at-a-time.ts'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { transaction } from '../transaction.ts'
import { defined } from './defined.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEnded } from './feed.ts'
import { isNotEnding } from './rotation-conditions.ts'

export type RevocationReason =
  | 'logout'
  | 'logout_all'
  | 'ended'
  | 'reuse'
  | 'restored'
  /** Two holders used copies of one refresh token */
  | 'shared'
  | 'password'
  | 'deactivated'
  | 'operator'
  /** The user opened more sessions than SESSIONS_PER_USER */
  | 'evicted'

// Events that explain why a session is revoked
const ALARMS: { readonly [Reason in RevocationReason]?: SecurityEvent } = {
  reuse: 'token.reuse_detected',
  restored: 'session.restored',
  shared: 'token.shared',
}

interface Ended {
  readonly id: string
  readonly absoluteExpiresAt: number
}

export const revoked = (userId: string, sessionId: string, reason: RevocationReason): NewEvent => ({
  name: 'session.revoked',
  userId,
  sessionId,
  reason,
})

export interface Revocation {
  readonly reason: RevocationReason
  /** Milliseconds since the epoch */
  readonly now: number
  readonly origin: Origin
}

interface RevocationOfSession extends Revocation {
  readonly sessionId: string
  readonly userId?: string | undefined
  readonly generation?: number
}

/**
 * Ends a session that has not been revoked. It is revoked even after its absolute deadline, so that a clock that is
 * set back cannot make it valid again.
 *
 * @param revocation with `userId`, only a session of this user is ended. With the `generation` of a token that was reused,
 * only a session that has not started anew since.
 * @returns the events that were written: none if the session was not active
 */
export function revokeSession(db: Database, revocation: RevocationOfSession): Promise<readonly NewEvent[]> {
  const { userId, sessionId } = revocation
  return fewAtATime(db, userId ?? sessionId, () => transaction(db, (trx) => revokeIn(trx, revocation)))
}

async function revokeIn(
  trx: Database,
  { sessionId, userId, generation = Number.MAX_SAFE_INTEGER, reason, now, origin }: RevocationOfSession,
): Promise<readonly NewEvent[]> {
  const row = await trx
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where((eb) => eb.and(defined({ id: sessionId, user_id: userId })))
    .where('start_generation', '<=', generation)
    .where('revoked_at', 'is', null)
    .where(isNotEnding)
    .returning(['user_id as userId', 'absolute_expires_at as absoluteExpiresAt'])
    .executeTakeFirst()
  if (row === undefined || row.absoluteExpiresAt <= now) return []
  const alarm = ALARMS[reason]
  const events: NewEvent[] = [revoked(row.userId, sessionId, reason)]
  if (alarm !== undefined) events.unshift({ name: alarm, userId: row.userId, sessionId })
  await insertEvents(trx, events, now, origin)
  await insertEnded(trx, [{ sessionId }], now)
  return events
}

// Rows per statement. A refresh hardly waits for one, and it stays far below PostgreSQL's statement timeout.
const BATCH = 500

/** @param reason a {@link RevocationReason}, or what a newer version has written as one */
export const revokeQuery = (db: Database, reason: string, now: number) =>
  db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('revoked_at', 'is', null)
    .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])

// On SQLite, the pause after each batch is this many times as long as the batch took. A service that waits for
// SQLite's lock checks it at intervals of up to 100 ms, and its event loop is blocked meanwhile.
const PAUSE_FACTOR = 3

/**
 * Ends the sessions of all users batch by batch, with a single event. Ids begin with the time, so sessions opened
 * meanwhile come last and are ended too. If it is interrupted, it can be run again.
 *
 * @returns the number of sessions that were active
 */
export async function revokeAllSessions(db: Database, { reason, now, origin }: Revocation): Promise<number> {
  let count = 0
  let after = ''
  const slice = async () => {
    const rows = await transaction(db, async (trx) => {
      const batch = await revokeBatch(trx, after, reason, now)
      // The event is written with the first batch, so that no session ends without it.
      if (count === 0 && countActive(batch, now) > 0)
        await insertEvents(trx, [{ name: 'sessions.revoked', reason }], now, origin)
      // The batches go up in the order of ids, so all sessions up to this one are over.
      if (countActive(batch, now) > 0) await insertEnded(trx, [{ through: lastId(batch, after) }], now)
      return batch
    })
    count += countActive(rows, now)
    after = lastId(rows, after)
    return rows.length > 0
  }
  await inSlices(slice, { pauseFactor: isPostgres(db) ? 0 : PAUSE_FACTOR })
  return count
}

const lastId = (rows: readonly Ended[], after: string) =>
  rows.reduce((last, { id }) => (id > last ? id : last), after)

const countActive = (rows: readonly Ended[], now: number) =>
  rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).length

function revokeBatch(db: Database, after: string, reason: RevocationReason, now: number) {
  const ids = db
    .selectFrom('sessions')
    .select('id')
    .where('id', '>', after)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .limit(BATCH)
  return revokeQuery(db, reason, now).where('id', 'in', ids).execute()
}
