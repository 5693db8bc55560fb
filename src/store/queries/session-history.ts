/** Sessions of a user that have ended: by their rows, and by events when the row is deleted. Times are in milliseconds. */
import type { Database } from '../schema.ts'
import { endingAt } from './session-of-user.ts'

export interface Opened {
  readonly id: string
  readonly createdAt: number
  readonly userAgent: string | null
  readonly address: string | null
}

/** A session whose row is still kept */
export interface KeptSession extends Opened {
  readonly refreshedAt: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
  readonly revokedAt: number | null
  readonly revokedReason: string | null
}

export interface HistoryPage {
  readonly userId: string
  /** The id of the last session of the previous page */
  readonly before: string
  readonly limit: number
}

/** Lists sessions in descending order of their ids. */
export async function keptHistory(
  db: Database,
  { userId, before, limit }: HistoryPage,
): Promise<KeptSession[]> {
  const rows = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id as id',
      'sessions.created_at as createdAt',
      'sessions.user_agent as userAgent',
      'sessions.address as address',
      'sessions.refreshed_at as refreshedAt',
      'sessions.expires_at as expiresAt',
      'sessions.absolute_expires_at as absoluteExpiresAt',
      'sessions.revoked_at as revokedAt',
      'sessions.revoked_reason as revokedReason',
      'users.ending_reason as endingReason',
    ])
    .select((eb) => endingAt(eb).as('endingAt'))
    .where('sessions.user_id', '=', userId)
    .where('sessions.id', '<', before)
    .orderBy('sessions.id', 'desc')
    .limit(limit)
    .execute()
  // An ending of all sessions covers rows that do not say so yet.
  return rows.map(({ endingAt, endingReason, ...row }) =>
    row.revokedAt === null && endingAt !== null
      ? { ...row, revokedAt: endingAt, revokedReason: endingReason }
      : row,
  )
}

// The most logins that are looked through for sessions whose row is deleted
const LOGINS = 1000

/** Lists sessions whose row is deleted, in descending order of their ids, as long as the events of their opening are kept. */
export async function deletedHistory(
  db: Database,
  { userId, before, limit }: HistoryPage,
): Promise<Opened[]> {
  const logins = db
    .selectFrom('events')
    .select(['session_id', 'occurred_at', 'user_agent', 'address'])
    .where('user_id', '=', userId)
    .where('name', '=', 'session.opened')
    .orderBy('position', 'desc')
    .limit(LOGINS)
  const rows = await db
    .selectFrom(logins.as('logins'))
    .select(['session_id as id', 'occurred_at as createdAt', 'user_agent as userAgent', 'address'])
    .where('session_id', '<', before)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('sessions').select('sessions.id').whereRef('sessions.id', '=', 'logins.session_id'),
        ),
      ),
    )
    .orderBy('session_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, id: row.id ?? '' }))
}

export interface EndEvent {
  /** Null: many sessions at once */
  readonly sessionId: string | null
  readonly at: number
  readonly reason: string | null
}

const END_EVENT = ['session_id as sessionId', 'occurred_at as at', 'reason'] as const

/** Lists the events that tell how these sessions ended, the oldest first. */
export async function endEvents(
  db: Database,
  userId: string,
  sessionIds: readonly string[],
): Promise<EndEvent[]> {
  if (sessionIds.length === 0) return []
  const own = db
    .selectFrom('events')
    .select(END_EVENT)
    .where('session_id', 'in', sessionIds)
    .where('name', 'in', ['session.revoked', 'session.expired'])
    // A session that had expired may have been revoked later, before its `session.expired` was written.
    .orderBy('occurred_at')
    .orderBy('position')
  const bulk = db
    .selectFrom('events')
    .select(END_EVENT)
    .where('name', '=', 'sessions.revoked')
    .where((eb) => eb.or([eb('user_id', '=', userId), eb('user_id', 'is', null)]))
    .orderBy('position')
  return [...(await own.execute()), ...(await bulk.execute())]
}
