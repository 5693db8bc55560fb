import { sql } from 'kysely'
import type { KeptClaims } from '../../tokens/own-claims.ts'
import { fewAtATime } from '../few-at-a-time.ts'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { prepared } from '../statement.ts'
import { sharedRotation } from './rotate-batch.ts'
import type { PresentedRefresh, ProvenDevice, RefreshedFrom } from './rotation-conditions.ts'
import {
  boundColumns,
  generationStart,
  isCurrent,
  refreshedColumns,
  rotatedColumns,
  SESSION,
} from './rotation-conditions.ts'
import type { TokenSubject } from './session-of-user.ts'
import { endingAt, sessionOfUser } from './session-of-user.ts'

/** The part of a session from which tokens are made and verified. Times are in milliseconds since the epoch. */
export interface Session extends KeptClaims {
  readonly id: string
  readonly userId: string
  readonly generation: number
  readonly rotatedAt: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
  readonly revokedAt: number | null
  /** See `src/sessions/lineage.ts` */
  readonly lineage: string | null
  /** The thumbprint of the key that it is bound to. Null: of none */
  readonly jkt: string | null
}

export interface Refresh extends RefreshedFrom, ProvenDevice {
  readonly sessionId: string
  readonly userId: string
  /** The generation of the presented token */
  readonly generation: number
  /** `iat` of the presented token, in milliseconds since the epoch */
  readonly issuedAt: number
  /** What the session's row keeps of the rotation: see `src/sessions/lineage.ts` */
  readonly lineage: string
  /** The thumbprint of the key that was proven. Empty: none */
  readonly jkt: string
}

/**
 * Rotates a session with one compare-and-swap and no read before it. Only the current generation of an active session
 * of an active user can be rotated, and only one of several concurrent requests succeeds.
 *
 * @param idle milliseconds until the new idle deadline
 * @returns undefined when nothing was rotated
 */
export async function rotateSession(
  db: Database,
  refresh: Refresh,
  idle: number,
): Promise<Session | undefined> {
  const presented = presentedRefresh(refresh, idle)
  const shared = isPostgres(db) ? await sharedRotation(db, presented) : undefined
  if (shared !== undefined) return shared
  // The single statement waits for the row's lock, so its result is final.
  const [session] = await rotation(db, presented)
  return session
}

/**
 * Records a refresh without rotation: the conditions are the same, but generation and deadlines do not change. The current
 * token has then been presented, so a late retry is no longer possible.
 */
export async function touchSession(db: Database, refresh: Refresh): Promise<Session | undefined> {
  const [session] = await touch(db, presentedRefresh(refresh))
  return session
}

/** The last characters of `lineage` until the current token is presented without being rotated */
export const UNPRESENTED = ' +'

const presentedRefresh = (refresh: Refresh, idle = 0): PresentedRefresh => ({
  ...refresh,
  issuedBefore: refresh.issuedAt + 1000,
  expiresAt: refresh.now + idle,
})

const rotation = prepared((db, refresh: PresentedRefresh) =>
  db
    .updateTable('sessions')
    .set({
      ...rotatedColumns(refresh, isPostgres(db) ? generationStart(refresh.now) : refresh.now),
      ...refreshedColumns(refresh),
      ...boundColumns(refresh),
      lineage: refresh.lineage,
    })
    .where(isCurrent(refresh))
    .returning(SESSION),
)

const touch = prepared((db, refresh: PresentedRefresh) =>
  db
    .updateTable('sessions')
    .set({
      ...refreshedColumns(refresh),
      ...boundColumns(refresh),
      lineage: sql<string | null>`rtrim(lineage, ${sql.lit(UNPRESENTED)})`,
    })
    .where(isCurrent(refresh))
    .returning(SESSION),
)

export interface SessionState {
  readonly user: { readonly id: string; readonly deactivatedAt: number | null }
  readonly session: FoundSession | undefined
  /** `now` by the clock that began the grace window: see `generationStart`. Milliseconds since the epoch */
  readonly asOf: number
}

/** What else decides about a token that was not accepted */
export interface FoundSession extends Session {
  /** Tokens of an earlier generation are from before the last password change made in this session. */
  readonly startGeneration: number
  readonly cookieAt: number | null
  /** The thumbprint of the device's key that the session is bound to */
  readonly deviceKey: string | null
  /** When it was bound; null if it is not */
  readonly boundAt: number | null
}

/** Reads a user and one session of the user in one query. @returns undefined when the user does not exist */
export async function findSession(
  db: Database,
  { sessionId, userId }: TokenSubject,
  now: number,
): Promise<SessionState | undefined> {
  const [row] = await fewAtATime(db, userId, () => findRow(db, { sessionId, userId, now }))
  if (row === undefined) return undefined
  const { deactivatedAt, endingAt, asOf, ...session } = row
  return {
    user: { id: userId, deactivatedAt },
    session: isSession(session) ? { ...session, revokedAt: session.revokedAt ?? endingAt } : undefined,
    asOf: asOf ?? now,
  }
}

const findRow = prepared((db, wanted: TokenSubject & { readonly now: number }) =>
  sessionOfUser(db, wanted)
    .select(SESSION)
    .select([
      'sessions.start_generation as startGeneration',
      'sessions.cookie_at as cookieAt',
      'sessions.device_key as deviceKey',
      'sessions.bound_at as boundAt',
      'users.deactivated_at as deactivatedAt',
    ])
    .select((eb) => endingAt(eb).as('endingAt'))
    // Only PostgreSQL can begin a grace window by another clock than ours.
    .$if(isPostgres(db), (query) => query.select(generationStart(wanted.now).as('asOf'))),
)

// A left join makes every column nullable; `id` tells whether there was a row.
function isSession(
  row: {
    readonly [Key in keyof FoundSession]: FoundSession[Key] | null
  },
): row is FoundSession {
  return row.id !== null
}
