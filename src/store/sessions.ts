import { prepared } from './prepared.ts'
import { transaction } from './retry.ts'
import type { Database } from './schema.ts'
import type { Wanted } from './wanted.ts'
import { selectWanted } from './wanted.ts'

/** One login on one device: what its tokens are made and judged by. Times in milliseconds since the epoch. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly generation: number
  readonly rotatedAt: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
  readonly revokedAt: number | null
}

/** And what its user is shown of it */
export interface SessionRow extends Session {
  readonly createdAt: number
  readonly refreshedAt: number
  readonly refreshCount: number
  readonly userAgent: string | null
  readonly address: string | null
}

// Each column that is read costs a refresh some of its time.
const SESSION = [
  'sessions.id as id',
  'sessions.user_id as userId',
  'sessions.generation as generation',
  'sessions.rotated_at as rotatedAt',
  'sessions.expires_at as expiresAt',
  'sessions.absolute_expires_at as absoluteExpiresAt',
  'sessions.revoked_at as revokedAt',
] as const

const SESSION_ROW = [
  ...SESSION,
  'sessions.created_at as createdAt',
  'sessions.refreshed_at as refreshedAt',
  'sessions.refresh_count as refreshCount',
  'sessions.user_agent as userAgent',
  'sessions.address as address',
] as const

export interface NewSession {
  readonly id: string
  readonly userId: string
  /** The hash that the login was checked against: a password change in between makes the login fail. */
  readonly passwordHash: string
  readonly now: number
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
  readonly userAgent: string | null
  readonly address: string | null
}

/**
 * Writes the user's row first: that lock orders a login before or after a password change or deactivation, so that no
 * session slips in behind the revocation of all. @returns undefined when the user or the password is no longer good
 */
export function insertSession(db: Database, session: NewSession): Promise<Session | undefined> {
  return transaction(db, async (trx) => {
    const user = await trx
      .updateTable('users')
      .set({ last_login_at: session.now })
      .where('id', '=', session.userId)
      .where('password_hash', '=', session.passwordHash)
      .where('deactivated_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (user === undefined) return undefined
    return trx
      .insertInto('sessions')
      .values({
        id: session.id,
        user_id: session.userId,
        generation: 0,
        created_at: session.now,
        rotated_at: session.now,
        refreshed_at: session.now,
        refresh_count: 0,
        expires_at: session.expiresAt,
        absolute_expires_at: session.absoluteExpiresAt,
        prune_at: session.expiresAt,
        user_agent: session.userAgent,
        address: session.address,
      })
      .returning(SESSION)
      .executeTakeFirst()
  })
}

export interface Refresh {
  readonly sessionId: string
  readonly userId: string
  /** The generation that was presented */
  readonly generation: number
  /** Its `iat`, in milliseconds */
  readonly issuedAt: number
  readonly now: number
}

/**
 * The rotation: one compare-and-swap, with no read before it, that only the current generation of a living session of
 * an active user passes. However many race, one wins. @param idle milliseconds
 */
export async function rotateSession(
  db: Database,
  refresh: Refresh,
  idle: number,
): Promise<Session | undefined> {
  const [session] = await rotation(db, { ...swap(refresh), expiresAt: refresh.now + idle })
  return session
}

/** A refresh without rotation: the same conditions, but the generation and the deadlines stay. */
export async function touchSession(db: Database, refresh: Refresh): Promise<Session | undefined> {
  const [session] = await touch(db, swap(refresh))
  return session
}

interface Swap extends Refresh {
  /** A token carries whole seconds: its generation began before this. */
  readonly issuedBefore: number
}

const swap = (refresh: Refresh): Swap => ({ ...refresh, issuedBefore: refresh.issuedAt + 1000 })

const rotation = prepared((db, refresh: Swap & { readonly expiresAt: number }) =>
  current(db, refresh)
    .set((eb) => ({
      generation: eb('generation', '+', 1),
      rotated_at: refresh.now,
      refreshed_at: refresh.now,
      refresh_count: eb('refresh_count', '+', 1),
      expires_at: eb
        .case()
        .when('absolute_expires_at', '<', refresh.expiresAt)
        .then(eb.ref('absolute_expires_at'))
        .else(eb.val(refresh.expiresAt))
        .end(),
    }))
    .returning(SESSION),
)

const touch = prepared((db, refresh: Swap) =>
  current(db, refresh)
    .set((eb) => ({ refreshed_at: refresh.now, refresh_count: eb('refresh_count', '+', 1) }))
    .returning(SESSION),
)

function current(db: Database, { sessionId, userId, generation, issuedAt, issuedBefore, now }: Swap) {
  return (
    db
      .updateTable('sessions')
      .where('sessions.id', '=', sessionId)
      .where('sessions.user_id', '=', userId)
      .where('sessions.generation', '=', generation)
      // One of the right generation and the wrong time: see classify.
      .where('sessions.rotated_at', '>=', issuedAt)
      .where('sessions.rotated_at', '<', issuedBefore)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .where('sessions.absolute_expires_at', '>', now)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('users')
            .select('users.id')
            .whereRef('users.id', '=', 'sessions.user_id')
            .where('users.deactivated_at', 'is', null),
        ),
      )
  )
}

export interface SessionState {
  readonly user: { readonly id: string; readonly deactivatedAt: number | null }
  readonly session: Session | undefined
}

/** The user and that session of theirs, in one read. @returns undefined when there is no such user */
export async function findSession(
  db: Database,
  sessionId: string,
  userId: string,
): Promise<SessionState | undefined> {
  const [row] = await userAndSession(db, { sessionId, userId })
  if (row === undefined) return undefined
  const { deactivatedAt, ...session } = row
  return {
    user: { id: userId, deactivatedAt },
    session: isSession(session) ? session : undefined,
  }
}

const userAndSession = prepared((db, wanted: Wanted) =>
  selectWanted(db, wanted).select(SESSION).select('users.deactivated_at as deactivatedAt'),
)

// A left join makes every column nullable; `id` tells whether there was a row.
function isSession(row: { readonly [Key in keyof Session]: Session[Key] | null }): row is Session {
  return row.id !== null
}

/** What is logged in: last refreshed first. @param idleCutoff see `prune` */
export function listSessions(
  db: Database,
  filter: {
    readonly userId?: string
    readonly now: number
    readonly idleCutoff: number
    readonly limit: number
  },
): Promise<SessionRow[]> {
  return db
    .selectFrom('sessions')
    .select(SESSION_ROW)
    .$if(filter.userId !== undefined, (query) => query.where('user_id', '=', filter.userId ?? ''))
    .where('revoked_at', 'is', null)
    .where('absolute_expires_at', '>', filter.now)
    .where((eb) => eb.or([eb('expires_at', '>', filter.now), eb('refreshed_at', '>', filter.idleCutoff)]))
    .orderBy('refreshed_at', 'desc')
    .orderBy('id')
    .limit(filter.limit)
    .execute()
}
