import type { SessionRow } from '../store/queries/list-sessions.ts'
import { pageOfSessions } from '../store/queries/list-sessions.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff, settledBefore } from './context.ts'
import { asShown } from './shown.ts'

/** An active session */
export interface ActiveSession extends SessionRow {
  /** When the session ends unless it is refreshed, in milliseconds since the epoch */
  readonly endsAt: number
}

interface Page {
  /** Undefined: of all users */
  readonly userId?: string | undefined
  /** `next` of the previous page */
  readonly before?: string | undefined
  /** The maximum number of sessions */
  readonly limit: number
  /** For a holder of an access token, who must not learn of recent refreshes */
  readonly isForUser?: boolean
}

/**
 * Lists a page of active sessions, the last refreshed first. The pages themselves go from the newest sessions to the
 * oldest. A page may have fewer sessions than its limit, although others follow.
 *
 * @returns the sessions, and `next` unless it is the last page
 */
export async function activeSessions(
  context: Pick<SessionContext, 'db' | 'now' | 'settings'>,
  { userId, before, limit, isForUser = false }: Page,
): Promise<{ readonly sessions: readonly ActiveSession[]; readonly next: string | undefined }> {
  const now = context.now()
  const filter = { now, idleCutoff: idleCutoff(context, now), userId, before, limit }
  const { rows, next } = await pageOfSessions(context.db, filter)
  // After the idle deadline, a listed session can still be continued by exchanges until its absolute deadline.
  const endsAt = ({ expiresAt, absoluteExpiresAt }: SessionRow) =>
    expiresAt > now ? expiresAt : absoluteExpiresAt
  const shown = isForUser ? rows.map((row) => asShown(row, settledBefore(context, now))) : rows
  return { sessions: lastRefreshedFirst(shown.map((row) => ({ ...row, endsAt: endsAt(row) }))), next }
}

// Rows per page when all are wanted
const LARGE_PAGE = 500

/** Lists all active sessions page by page, the last refreshed first. */
export async function allActiveSessions(
  context: Parameters<typeof activeSessions>[0],
  userId?: string,
): Promise<ActiveSession[]> {
  const all: ActiveSession[] = []
  let before: string | undefined
  do {
    const { sessions, next } = await activeSessions(context, { userId, before, limit: LARGE_PAGE })
    all.push(...sessions)
    before = next
  } while (before !== undefined)
  return lastRefreshedFirst(all)
}

const lastRefreshedFirst = (sessions: readonly ActiveSession[]): ActiveSession[] =>
  sessions.toSorted((a, b) => b.refreshedAt - a.refreshedAt || (a.id < b.id ? -1 : 1))
