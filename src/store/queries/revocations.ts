import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents, OPERATOR } from './events.ts'

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

interface Ended {
  readonly id: string
  readonly absoluteExpiresAt: number
}

/** What tells of one session, or of all of a user */
interface RevocationEvent {
  readonly name: 'session.revoked' | 'sessions.revoked'
  readonly userId: string
  readonly sessionId?: string
  readonly reason: RevocationReason
}

const revoked = (userId: string, sessionId: string, reason: RevocationReason): RevocationEvent => ({
  name: 'session.revoked',
  userId,
  sessionId,
  reason,
})

// More of one user, as bots open them, are not told of one by one: rows, lines in the log and posts to the webhook.
const MAX_EVENTS = 1000

/** An event for each of these sessions of a user, which ended at once; or one for them all when they are very many. */
export const revocationEvents = (
  userId: string,
  ended: readonly string[],
  reason: RevocationReason,
): RevocationEvent[] =>
  ended.length > MAX_EVENTS
    ? [{ name: 'sessions.revoked', userId, reason }]
    : ended.map((id) => revoked(userId, id, reason))

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
    const events: NewEvent[] = [revoked(row.userId, id, reason)]
    if (alarm !== undefined) events.unshift({ name: alarm, userId: row.userId, sessionId: id })
    await insertEvents(trx, events, now, origin)
    return true
  })
}

export interface EndOptions {
  /** The id of the session that stays */
  readonly except?: string
  readonly origin?: Origin | undefined
  /** What they end with, told before them: with them, so that its position is not given out long before the commit */
  readonly cause?: NewEvent
}

/**
 * Likewise, in one transaction however many they are. The user's row is locked first, as by all who end several of their
 * sessions: in whatever order they would come to them, nobody waits for the other. Whoever opens one locks it as well: none
 * is missed. @returns the ids of those that lived until now
 */
export function revokeSessionsOfUser(
  db: Database,
  userId: string,
  reason: RevocationReason,
  now: number,
  { except = '', origin = OPERATOR, cause }: EndOptions = {},
): Promise<string[]> {
  return transaction(db, async (trx) => {
    const user = trx.selectFrom('users').select('id').where('id', '=', userId)
    if (isPostgres(trx)) await user.forNoKeyUpdate().execute()
    const rows = await revokeRows(trx, userId, reason, now, except)
    const ended = rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).map(({ id }) => id)
    const events: NewEvent[] = revocationEvents(userId, ended, reason)
    await insertEvents(trx, cause === undefined ? events : [cause, ...events], now, origin)
    return ended
  })
}

// Rows of a statement: a refresh hardly waits for one, and it is far from the time that PostgreSQL gives each.
const BATCH = 500

const revokeQuery = (db: Database, reason: RevocationReason, now: number) =>
  db
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason })
    .where('revoked_at', 'is', null)
    .returning(['id', 'absolute_expires_at as absoluteExpiresAt'])

/** On PostgreSQL by several statements: one for them all would run out of time from some number on, and always would. */
async function revokeRows(
  trx: Database,
  userId: string,
  reason: RevocationReason,
  now: number,
  except: string,
): Promise<Ended[]> {
  const update = revokeQuery(trx, reason, now)
  if (!isPostgres(trx)) return update.where('user_id', '=', userId).where('id', '<>', except).execute()
  const found = await trx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('id', '<>', except)
    .where('revoked_at', 'is', null)
    .execute()
  const rows: Ended[] = []
  for (let at = 0; at < found.length; at += BATCH) {
    const ids = found.slice(at, at + BATCH).map(({ id }) => id)
    rows.push(...(await update.where('id', '=', sql<string>`any(${ids}::text[])`).execute()))
  }
  return rows
}

// After each batch everybody else has SQLite's file for so many times as long as it took. Whoever waits for the lock only
// looks now and then whether it is free, up to 100 ms apart, and the event loop of the service stands still meanwhile.
const PAUSE_FACTOR = 3

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
      if (count === 0 && countActive(batch, now) > 0)
        await insertEvents(trx, [{ name: 'sessions.revoked', reason }], now, OPERATOR)
      return batch
    })
    if (rows.length === 0) return count
    count += countActive(rows, now)
    after = rows.reduce((last, { id }) => (id > last ? id : last), after)
    const taken = performance.now() - begun
    if (!isPostgres(db)) await new Promise((resolve) => setTimeout(resolve, PAUSE_FACTOR * taken))
  }
}

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
