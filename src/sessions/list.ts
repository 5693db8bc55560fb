import type { SessionRow } from '../store/queries/sessions.ts'
import { listSessions } from '../store/queries/sessions.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

/** A living session, with the time at which it ends unless it is refreshed. */
export interface ActiveSession extends SessionRow {
  readonly endsAt: number
}

/** What is logged in, last refreshed first. @param limit how many at the most */
export async function activeSessions(
  context: Pick<SessionContext, 'db' | 'now' | 'settings'>,
  limit: number,
  userId?: string,
): Promise<ActiveSession[]> {
  const now = context.now()
  const filter = { now, idleCutoff: idleCutoff(context, now), limit, ...(userId !== undefined && { userId }) }
  const sessions = await listSessions(context.db, filter)
  return sessions.map((session) => ({
    ...session,
    // Past the idle deadline it lives on by exchange, until the absolute one.
    endsAt: session.expiresAt > now ? session.expiresAt : session.absoluteExpiresAt,
  }))
}
