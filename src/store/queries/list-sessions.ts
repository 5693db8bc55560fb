import type { KeptClaims } from '../../tokens/own-claims.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import type { Database } from '../schema.ts'
import type { ActiveAt } from './active-sessions.ts'
import { isActiveSession } from './active-sessions.ts'
import { defined } from './defined.ts'
import { SESSION_STATE, userAllows } from './rotation-conditions.ts'
import type { Session } from './sessions.ts'

/** A session with everything that its user sees of it */
export interface SessionRow extends Omit<Session, keyof KeptClaims> {
  readonly createdAt: number
  readonly refreshedAt: number
  readonly refreshCount: number
  readonly userAgent: string | null
  readonly address: string | null
  /** Null: as at the login. Empty: unknown */
  readonly refreshedUserAgent: string | null
  /** Null: as at the login. Empty: unknown */
  readonly refreshedAddress: string | null
  /** When it was bound to a device; null if it is not */
  readonly boundAt: number | null
  /** An earlier refresh: see `src/sessions/shown.ts` */
  readonly shown: string | null
}

const SESSION_ROW = [
  ...SESSION_STATE,
  'sessions.created_at as createdAt',
  'sessions.refreshed_at as refreshedAt',
  'sessions.refresh_count as refreshCount',
  'sessions.user_agent as userAgent',
  'sessions.address as address',
  'sessions.refreshed_user_agent as refreshedUserAgent',
  'sessions.refreshed_address as refreshedAddress',
  'sessions.shown as shown',
  'sessions.bound_at as boundAt',
] as const

// The most rows that a page reads. Rows that are over, but not pruned yet, may stand between the active ones.
const SCANNED = 1000

export interface SessionFilter extends ActiveAt {
  readonly userId?: string | undefined
  /** The id of the last session of the previous page */
  readonly before?: string | undefined
  readonly limit: number
}

export interface SessionPage {
  /** Active sessions in descending order of their ids. */
  readonly rows: SessionRow[]
  /** The id before which the next page starts. Undefined on the last page */
  readonly next: string | undefined
}

/** Lists a page of active sessions. The pages of one user are read one after the other. */
export function pageOfSessions(db: Database, filter: SessionFilter): Promise<SessionPage> {
  const { userId } = filter
  return userId === undefined
    ? readPage(db, filter)
    : oneAtATime(db, `list:${userId}`, () => readPage(db, filter))
}

// The order is that of the ids, which never changes: no index can follow the order of refreshes, because every refresh
// would have to write it.
async function readPage(db: Database, filter: SessionFilter): Promise<SessionPage> {
  const { limit } = filter
  const found = await db
    .selectFrom(unrevoked(db, filter).selectAll().limit(SCANNED).as('sessions'))
    .select(SESSION_ROW)
    .where((eb) => isActiveSession(eb, filter))
    .where(userAllows)
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const rows = found.slice(0, limit)
  if (found.length > limit) return { rows, next: rows.at(-1)?.id }
  const last = await unrevoked(db, filter)
    .select('id')
    .offset(SCANNED - 1)
    .limit(1)
    .executeTakeFirst()
  return { rows, next: last?.id }
}

const unrevoked = (db: Database, { userId, before }: SessionFilter) =>
  db
    .selectFrom('sessions')
    .where('revoked_at', 'is', null)
    .where((eb) => eb.and(defined({ user_id: userId })))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
