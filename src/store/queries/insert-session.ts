import type { Transaction } from 'kysely'
import { expressionBuilder } from 'kysely'
import { fewAtATime } from '../few-at-a-time.ts'
import type { Database, Schema } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { evict } from './evict.ts'
import { insertEnded } from './feed.ts'
import { OWN_HASH } from './foreign-hashes.ts'
import { findOpened } from './opened-sessions.ts'
import { revoked } from './revocations.ts'
import { SESSION } from './rotation-conditions.ts'
import type { Session } from './sessions.ts'

export interface NewSession {
  readonly id: string
  readonly userId: string
  /**
   * The hash that the password was verified against. If it has changed since, the login fails. Undefined: the user
   * was authenticated by other means.
   */
  readonly passwordHash: string | undefined
  /** A hash of the same password at a higher cost, to replace `passwordHash` */
  readonly rehashed?: string | undefined
  readonly now: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
  readonly userAgent: string | null
  readonly address: string | null
  readonly cookieAt?: number | null
  /** The thumbprint of the key that it is bound to */
  readonly jkt?: string | undefined
  /** JSON. Null: none */
  readonly claims?: string | null
  /** Identifies the request. A session that it opened within `grace` milliseconds is found instead of opening another. */
  readonly openKey?: string | undefined
  readonly grace?: number
  /** Set if it is not opened by a login: by an operator, or for a token of another system */
  readonly reason?: 'operator' | 'adopted' | undefined
  /** When that token was issued, in milliseconds since the epoch. If all sessions of the user have ended since, none is opened. */
  readonly tokenIssuedAt?: number
  /** 1 if the session begins with the successor of a token of another system. Otherwise 0 */
  readonly generation?: 0 | 1
  /** See `src/sessions/lineage.ts` */
  readonly lineage?: string | undefined
  /** The number of active sessions that the user may have */
  readonly ceiling: number
  /** Milliseconds since the epoch: see `idleCutoff` in `src/sessions/context.ts` */
  readonly idleCutoff: number
}

/** Whether a token of another system was issued after all sessions of the user last ended. */
export function isNotShutOut(issuedAt: number) {
  const eb = expressionBuilder<Schema, 'users'>()
  return eb.or([eb('users.sessions_ended_at', 'is', null), eb('users.sessions_ended_at', '<', issuedAt)])
}

export interface Opened {
  readonly session: Session
  readonly events: readonly NewEvent[]
}

/**
 * Opens a session, and ends others of the user if there are too many. It writes the user's row first: that lock puts the login
 * before or after a password change or deactivation, so that no new session escapes their revocation of all sessions.
 *
 * @returns undefined when the user is no longer active or the password has changed. The session may have ended, if it was
 * opened by an earlier request with the same `openKey`.
 */
export function insertSession(
  db: Database,
  session: NewSession,
  origin: Origin,
): Promise<Opened | undefined> {
  const open = (trx: Transaction<Schema>) => openIn(trx, session, origin)
  return fewAtATime(db, session.userId, () => transaction(db, open))
}

async function openIn(
  trx: Transaction<Schema>,
  session: NewSession,
  origin: Origin,
): Promise<Opened | undefined> {
  const user = await trx
    .updateTable('users')
    .set({
      last_login_at: session.now,
      ...(session.rehashed !== undefined && { password_hash: session.rehashed, ...OWN_HASH }),
    })
    .where('id', '=', session.userId)
    .$if(session.passwordHash !== undefined, (query) =>
      query.where('password_hash', '=', session.passwordHash ?? ''),
    )
    .where('deactivated_at', 'is', null)
    .$if(session.tokenIssuedAt !== undefined, (query) =>
      query.where(isNotShutOut(session.tokenIssuedAt ?? 0)),
    )
    .returning(['session_epoch as epoch', 'ending_at as endingAt'])
    .executeTakeFirst()
  if (user === undefined) return undefined
  const { id: sessionId, userId, reason, now, idleCutoff, ceiling } = session
  const { epoch, endingAt } = user
  // The lock of the user's row lets repetitions run one after the other.
  const opened = await findOpened(trx, session, user)
  if (opened !== undefined) return { session: opened, events: [] }
  const isEnding = endingAt !== null
  const evicted = await evict(trx, { userId, sessions: ceiling, epoch, isEnding, now, idleCutoff })
  const events: NewEvent[] = [
    { name: 'session.opened', userId, sessionId, reason },
    ...evicted.map((id) => revoked(userId, id, 'evicted')),
  ]
  await insertEvents(trx, events, session.now, origin)
  await insertEnded(
    trx,
    evicted.map((id) => ({ sessionId: id })),
    now,
  )
  const row = await trx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      generation: session.generation ?? 0,
      created_at: session.now,
      rotated_at: session.now,
      refreshed_at: session.now,
      refresh_count: 0,
      expires_at: session.expiresAt,
      absolute_expires_at: session.absoluteExpiresAt,
      prune_at: session.expiresAt,
      user_agent: session.userAgent,
      address: session.address,
      epoch,
      cookie_at: session.cookieAt ?? null,
      open_key: session.openKey ?? null,
      jkt: session.jkt ?? null,
      claims: session.claims ?? null,
      lineage: session.lineage ?? null,
    })
    .returning(SESSION)
    .executeTakeFirstOrThrow()
  return { session: row, events }
}
