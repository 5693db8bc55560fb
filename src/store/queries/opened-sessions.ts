import { isInGrace } from '../../clock.ts'
import type { Database } from '../schema.ts'
import type { NewSession } from './insert-session.ts'
import { SESSION } from './rotation-conditions.ts'
import type { Session } from './sessions.ts'

/** Finds the session that the same request has opened within the grace window. It may have ended since. */
export async function findOpened(
  trx: Database,
  { userId, openKey, now, grace = 0 }: NewSession,
  user: { readonly epoch: number; readonly endingAt: number | null },
): Promise<Session | undefined> {
  if (openKey === undefined) return undefined
  const found = await trx
    .selectFrom('sessions')
    .select(SESSION)
    .select(['created_at as createdAt', 'epoch'])
    .where('user_id', '=', userId)
    .where('open_key', '=', openKey)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (found === undefined || !isInGrace(found.createdAt, now, grace)) return undefined
  const { createdAt: _, epoch, ...session } = found
  return epoch < user.epoch ? { ...session, revokedAt: session.revokedAt ?? user.endingAt } : session
}
