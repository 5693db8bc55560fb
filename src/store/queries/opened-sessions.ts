import { isInGrace } from '../../clock.ts'
import type { Database } from '../schema.ts'
import { SESSION } from './rotation-conditions.ts'
import type { NewSession, Session } from './sessions.ts'

/** Finds the session that the same request has opened within the grace window. It may have ended since. */
export async function findOpened(
  trx: Database,
  { userId, openKey, now, grace = 0 }: NewSession,
): Promise<Session | undefined> {
  if (openKey === undefined) return undefined
  const session = await trx
    .selectFrom('sessions')
    .select(SESSION)
    .select('created_at as createdAt')
    .where('user_id', '=', userId)
    .where('open_key', '=', openKey)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return session !== undefined && isInGrace(session.createdAt, now, grace) ? session : undefined
}
