/** The end of all sessions of a user: see `docs/adr/0029-bounded-work-per-user.md`. */
import type { Transaction } from 'kysely'
import { inSlices } from '../../slices.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import type { Database, Schema } from '../schema.ts'
import { locked } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent } from './events.ts'
import { insertEvents } from './events.ts'
import { insertEnded, insertEndOfUser } from './feed.ts'
import type { Revocation } from './revocations.ts'
import { revoked, revokeQuery } from './revocations.ts'

/**
 * The most sessions that one transaction ends. It holds the event loop and SQLite's lock meanwhile. It is also the most
 * events that one change writes, because each event is a row, a line in the log and a post to the webhook.
 */
export const SLICE = 500

/** Sessions that ended together */
export interface EndedSessions {
  /** The number of sessions that were active */
  readonly endedSessions: number
  /** The events that were written */
  readonly events: readonly NewEvent[]
}

export interface RevocationOfUser extends Revocation {
  readonly userId: string
  /** The id of a session that stays active */
  readonly except?: string
  /** The event that ends the sessions. It is written right before theirs, so that its position is assigned late. */
  readonly cause?: NewEvent
}

/** Sessions that are over, although their rows do not say so yet */
interface Rest extends Pick<Revocation, 'now'> {
  readonly userId: string
  /** All sessions before this epoch are over. */
  readonly epoch: number
  readonly reason: string
}

/** What the transaction of an ending has done. All sessions are over when it is committed. */
export interface Ending extends EndedSessions {
  readonly rest?: Rest
}

/** Ends all sessions of a user. */
export async function revokeSessionsOfUser(
  db: Database,
  revocation: RevocationOfUser,
): Promise<EndedSessions> {
  const ended = await withEnding(db, revocation.userId, (trx) => endSessions(trx, revocation))
  return ended ?? { endedSessions: 0, events: [] }
}

/** Runs a transaction that ends all sessions of a user, and then writes the rows that it left for later. */
export function withEnding<Result extends Ending>(
  db: Database,
  userId: string,
  work: (trx: Transaction<Schema>) => Promise<Result | undefined>,
): Promise<Omit<Result, 'rest'> | undefined> {
  return oneAtATime(db, userId, async () => {
    const ending = await transaction(db, work)
    if (ending === undefined) return undefined
    const { rest, ...ended } = ending
    const later = rest === undefined ? 0 : await writeRest(db, rest)
    return { ...ended, endedSessions: ending.endedSessions + later }
  })
}

/**
 * Ends all sessions of a user. For very many it only raises the user's epoch, which ends them at once, and leaves their
 * rows for later.
 *
 * It locks the user's row first, as do all functions that end several sessions of a user. Otherwise two of them could
 * lock sessions in different orders and deadlock. Logins lock the user's row too, so that no new session is missed.
 */
export async function endSessions(trx: Transaction<Schema>, revocation: RevocationOfUser): Promise<Ending> {
  const { userId, reason, now, origin, except = '', cause } = revocation
  const causes = cause === undefined ? [] : [cause]
  const user = await trx
    .updateTable('users')
    .set({ sessions_ended_at: now })
    .where('id', '=', userId)
    .returning(['session_epoch as epoch', 'ending_at as endingAt'])
    .executeTakeFirst()
  const found = await trx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('id', '<>', except)
    .orderBy('id')
    .limit(SLICE + 1)
    .execute()
  if (user === undefined || (user.endingAt === null && found.length <= SLICE)) {
    const ids = await revokeRows(trx, found, reason, now)
    const events = [...causes, ...ids.map((id) => revoked(userId, id, reason))]
    await insertEvents(trx, events, now, origin)
    const ended = ids.map((sessionId) => ({ sessionId }))
    await insertEnded(trx, ended, now)
    return { endedSessions: ids.length, events }
  }
  const epoch = user.epoch + 1
  await trx
    .updateTable('users')
    .set({ session_epoch: epoch, ending_at: now, ending_reason: reason })
    .where('id', '=', userId)
    .execute()
  await trx
    .updateTable('sessions')
    .set({ epoch })
    .where('id', '=', except)
    .where('user_id', '=', userId)
    .execute()
  const events: NewEvent[] = [...causes, { name: 'sessions.revoked', userId, reason }]
  await insertEvents(trx, events, now, origin)
  await insertEndOfUser(trx, userId, now, except || undefined)
  return { endedSessions: 0, events, rest: { userId, epoch, reason, now } }
}

/** @returns the ids of those that were active */
async function revokeRows(
  trx: Database,
  found: readonly { readonly id: string }[],
  reason: string,
  now: number,
): Promise<string[]> {
  if (found.length === 0) return []
  const ids = found.map(({ id }) => id)
  const rows = await revokeQuery(trx, reason, now).where('id', 'in', ids).execute()
  return rows.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > now).map(({ id }) => id)
}

// Fewer, because nobody waits for these rows: other requests get the database in between.
const REST_SLICE = 100

// The pause after each slice is this many times as long as the slice took.
const PAUSE_FACTOR = 2

/** @returns the number of sessions that were active */
async function writeRest(db: Database, rest: Rest): Promise<number> {
  let count = 0
  let after = ''
  const slice = async () => {
    const written = await transaction(db, (trx) => writeSlice(trx, rest, after))
    count += written?.active ?? 0
    after = written?.last ?? ''
    return written?.last !== undefined
  }
  try {
    await inSlices(slice, { pauseFactor: PAUSE_FACTOR })
  } catch {
    // All sessions are over already, which the caller has to be told. Pruning writes what is left.
  }
  return count
}

/** @returns undefined when another ending of all sessions has taken over, or all rows are written */
async function writeSlice(
  trx: Transaction<Schema>,
  { userId, epoch, reason, now }: Rest,
  after: string,
): Promise<{ readonly active: number; readonly last: string | undefined } | undefined> {
  const pending = trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('session_epoch', '=', epoch)
    .where('ending_at', 'is not', null)
  if ((await locked(trx, pending).executeTakeFirst()) === undefined) return undefined
  const found = await trx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('id', '>', after)
    .where('epoch', '<', epoch)
    .orderBy('id')
    .limit(REST_SLICE)
    .execute()
  const active = await revokeRows(trx, found, reason, now)
  const last = found.length < REST_SLICE ? undefined : found.at(-1)?.id
  if (last === undefined)
    await trx
      .updateTable('users')
      .set({ ending_at: null, ending_reason: null })
      .where('id', '=', userId)
      .execute()
  return { active: active.length, last }
}

// Users. More are found when these are done.
const BATCH = 100

/** Writes the rows of endings whose process has died. */
export async function finishEndings(db: Database): Promise<void> {
  const users = await db
    .selectFrom('users')
    .select(['id as userId', 'session_epoch as epoch', 'ending_at as now', 'ending_reason as reason'])
    .where('ending_at', 'is not', null)
    .limit(BATCH)
    .execute()
  for (const { userId, epoch, now, reason } of users)
    await writeRest(db, { userId, epoch, now: now ?? 0, reason: reason ?? 'ended' })
}
