import type { SessionRow } from '../store/queries/sessions.ts'
import { listSessions } from '../store/queries/sessions.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

/** An active session */
export interface ActiveSession extends SessionRow {
  /** When the session ends unless it is refreshed, in milliseconds since the epoch */
  readonly endsAt: number
}

/** Lists active sessions, the last refreshed first. @param limit the maximum number of sessions */
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
    // After the idle deadline, a listed session can still be continued by exchanges until its absolute deadline.
    endsAt: session.expiresAt > now ? session.expiresAt : session.absoluteExpiresAt,
  }))
}
