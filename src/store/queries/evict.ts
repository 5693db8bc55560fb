/** Keeps the number of a user's sessions bounded: see `docs/adr/0029-bounded-work-per-user.md`. */
import type { Transaction } from 'kysely'
import type { Schema } from '../schema.ts'
import type { ActiveAt } from './active-sessions.ts'
import { isActiveSession } from './active-sessions.ts'
import { revokeQuery } from './revocations.ts'

// A user may have any number of sessions from before there was a ceiling. They end over several logins.
const MOST = 100

export interface Ceiling extends ActiveAt {
  readonly userId: string
  /** The number of active sessions that a user may have */
  readonly sessions: number
  /** Sessions of earlier epochs do not count. */
  readonly epoch: number
  /** Whether the rows of an ending of all sessions are still to be written */
  readonly isEnding: boolean
}

/**
 * Makes room for a new session: ends those that were not refreshed for longest. The user's row must be locked, so that
 * concurrent logins cannot exceed the ceiling.
 *
 * @returns the ids of the sessions that ended
 */
export async function evict(trx: Transaction<Schema>, ceiling: Ceiling): Promise<string[]> {
  const { userId, sessions, now } = ceiling
  const unrevoked = trx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('id')
  // Most logins need no more than this, which an index alone answers.
  const { rows } = await trx
    .selectFrom(unrevoked.limit(sessions).as('unrevoked'))
    .select((eb) => eb.fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow()
  if (rows < sessions) return []
  const found = await trx
    .selectFrom(oldest(trx, ceiling).as('sessions'))
    .select('id')
    .select((eb) => eb.fn.countAll<number>().over().as('active'))
    .where((eb) => isActiveSession(eb, ceiling))
    .$if(ceiling.isEnding, (query) => query.where('epoch', '>=', ceiling.epoch))
    .orderBy('refreshed_at')
    .orderBy('id')
    .limit(MOST)
    .execute()
  const excess = (found[0]?.active ?? 0) - sessions + 1
  const ids = found.slice(0, Math.max(0, excess)).map(({ id }) => id)
  if (ids.length === 0) return []
  const ended = await revokeQuery(trx, 'evicted', now).where('id', 'in', ids).execute()
  return ended.map(({ id }) => id)
}

/** As many rows as decide, if a user has far too many. Then the sessions opened first end first. */
const oldest = (trx: Transaction<Schema>, { userId, sessions, isEnding }: Ceiling) =>
  trx
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    // During an ending, the first rows are those that are over.
    .orderBy('id', isEnding ? 'desc' : 'asc')
    .limit(sessions + MOST)
