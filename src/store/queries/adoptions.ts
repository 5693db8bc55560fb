import { fewAtATime } from '../few-at-a-time.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { Origin } from './events.ts'
import { OPERATOR } from './events.ts'
import type { NewSession, Opened } from './insert-session.ts'
import { insertSession, isNotShutOut } from './insert-session.ts'
import { revokeSession } from './revocations.ts'

/** A token of another system that was traded for a session. Times are in milliseconds since the epoch. */
export interface AdoptedToken {
  readonly sessionId: string
  readonly adoptedAt: number
  readonly successorExpiresAt: number
}

/** A token to trade */
export interface TokenToAdopt {
  readonly digest: string
  readonly jti: string | undefined
  readonly successorExpiresAt: number
  /** When the row may be deleted */
  readonly expiresAt: number
}

export async function findAdopted(db: Database, digest: string): Promise<AdoptedToken | undefined> {
  const [row] = await byDigest(db, { digest })
  return row
}

const byDigest = prepared((db, { digest }: { readonly digest: string }) =>
  db
    .selectFrom('adopted_tokens')
    .select([
      'session_id as sessionId',
      'adopted_at as adoptedAt',
      'successor_expires_at as successorExpiresAt',
    ])
    .where('digest', '=', digest),
)

/** Thrown to roll back the row of the token. */
class Inactive extends Error {}

/**
 * Trades a token for a session. The token's row is inserted first, which succeeds for only one of several concurrent requests
 * of all processes; the others wait for it. Without a session there is no row: a token whose answer was lost is found with its
 * session, and one whose transaction was lost can be traded again.
 *
 * @returns undefined when the token was already traded, or the user is not active or has ended all sessions
 */
export function adoptToken(
  db: Database,
  token: TokenToAdopt,
  session: NewSession,
  origin: Origin,
): Promise<Opened | undefined> {
  return fewAtATime(db, session.userId, async () => {
    try {
      return await transaction(db, (trx) => adoptIn(trx, token, session, origin))
    } catch (error) {
      if (error instanceof Inactive) return undefined
      throw error
    }
  })
}

async function adoptIn(
  trx: Database,
  token: TokenToAdopt,
  session: NewSession,
  origin: Origin,
): Promise<Opened | undefined> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('adopted_tokens')
    .values({
      digest: token.digest,
      jti: token.jti ?? null,
      session_id: session.id,
      adopted_at: session.now,
      successor_expires_at: token.successorExpiresAt,
      expires_at: token.expiresAt,
    })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirst()
  if (Number(numInsertedOrUpdatedRows) === 0) return undefined
  const opened = await insertSession(trx, session, origin)
  if (opened === undefined) throw new Inactive()
  return opened
}

/** Whether all sessions of a user have ended since a token of another system was issued. @param issuedAt milliseconds since the epoch */
export async function isShutOut(db: Database, userId: string, issuedAt: number): Promise<boolean> {
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where(isNotShutOut(issuedAt))
    .executeTakeFirst()
  return user === undefined
}

/** Whether the other system had revoked the token, as far as it was imported. */
export async function isForeignRevoked(db: Database, jti: string | undefined): Promise<boolean> {
  if (jti === undefined) return false
  const found = await db
    .selectFrom('foreign_revocations')
    .select('jti')
    .where('jti', '=', jti)
    .executeTakeFirst()
  return found !== undefined
}

/** A token that the other system has revoked. Times are in milliseconds since the epoch. */
export interface ForeignRevocation {
  readonly jti: string
  readonly expiresAt: number | null
}

/**
 * Keeps revocations of the other system, and ends the sessions for which their tokens were already traded. A token that is
 * traded at the same time is found here, or finds the revocation: both look after they have written.
 *
 * @returns how many were not known, and how many sessions ended
 */
export async function revokeForeign(
  db: Database,
  revocations: readonly ForeignRevocation[],
  now: number,
): Promise<{ readonly added: number; readonly endedSessions: number }> {
  if (revocations.length === 0) return { added: 0, endedSessions: 0 }
  // Within one statement, a jti may stand only once.
  const rows = [...new Map(revocations.map((revocation) => [revocation.jti, revocation])).values()]
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('foreign_revocations')
    .values(rows.map(({ jti, expiresAt }) => ({ jti, revoked_at: now, expires_at: expiresAt })))
    .onConflict((conflict) => conflict.column('jti').doNothing())
    .executeTakeFirst()
  const jtis = rows.map(({ jti }) => jti)
  const adopted = await db
    .selectFrom('adopted_tokens')
    .select('session_id as sessionId')
    .where('jti', 'in', jtis)
    .execute()
  let endedSessions = 0
  for (const { sessionId } of adopted) {
    const events = await revokeSession(db, { sessionId, reason: 'operator', now, origin: OPERATOR })
    if (events.length > 0) endedSessions++
  }
  return { added: Number(numInsertedOrUpdatedRows ?? 0), endedSessions }
}
