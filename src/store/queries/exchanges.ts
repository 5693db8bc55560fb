import { batchPerTurn } from '../postgres/batch.ts'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { inOneTransaction, prepared } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { ExchangeClaim, RevokedToken } from './exchange-batch.ts'
import { claimAll } from './exchange-batch.ts'
import { hasActiveUser } from './rotation-conditions.ts'

const REVOKED_TOKEN = ['revoked_at as revokedAt', 'successor_expires_at as successorExpiresAt'] as const

/** Claims a token together with others. Undefined: the caller has to claim it alone. */
const sharedClaim = batchPerTurn({ execute: claimAll, minimum: 1 })

/** Thrown to roll back the count of the refresh. */
class AlreadyClaimed extends Error {}

/**
 * Marks an access token as exchanged, if its session and its user are active. The session's row is written first: its
 * lock puts this before or after every change that ends the session. Then the token's row is inserted, which succeeds
 * for only one of several concurrent requests with the same `jti`.
 *
 * @returns undefined when the token was already exchanged or the session is not active
 */
export async function claimToken(db: Database, claim: ExchangeClaim): Promise<RevokedToken | undefined> {
  try {
    return await (isPostgres(db) ? claimShared(db, claim) : claimAtOnce(db, claim))
  } catch (error) {
    if (error instanceof AlreadyClaimed) return undefined
    throw error
  }
}

async function claimShared(db: Database, claim: ExchangeClaim): Promise<RevokedToken | undefined> {
  const shared = await sharedClaim(db, claim)
  if (shared === undefined) return claimAlone(db, claim)
  const { revokedAt, successorExpiresAt } = shared
  return { revokedAt, successorExpiresAt }
}

const claimAlone = (db: Database, claim: ExchangeClaim) =>
  transaction(db, async (trx) => {
    const [session] = await countRefresh(trx, claim)
    if (session === undefined) return undefined
    const due = capped(claim, session)
    const [inserted] = await insertClaim(trx, due)
    if (inserted === undefined) throw new AlreadyClaimed()
    return revoked(due)
  })

const claimAtOnce = (db: Database, claim: ExchangeClaim) =>
  inOneTransaction(db, (execute) => {
    const [session] = execute(countRefresh, claim).rows
    if (session === undefined) return undefined
    const due = capped(claim, session)
    if (execute(insertClaim, due).numAffectedRows === 0n) throw new AlreadyClaimed()
    return revoked(due)
  })

const capped = (
  claim: ExchangeClaim,
  { absoluteExpiresAt }: { readonly absoluteExpiresAt: number },
): ExchangeClaim => ({
  ...claim,
  successorExpiresAt: Math.min(claim.successorExpiresAt, absoluteExpiresAt),
})

const revoked = ({ now, successorExpiresAt }: ExchangeClaim): RevokedToken => ({
  revokedAt: now,
  successorExpiresAt,
})

const countRefresh = prepared((db, { sessionId, userId, now }: ExchangeClaim) =>
  db
    .updateTable('sessions')
    .set((eb) => ({ refreshed_at: now, refresh_count: eb('refresh_count', '+', 1) }))
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.absolute_expires_at', '>', now)
    .where(hasActiveUser)
    .returning('sessions.absolute_expires_at as absoluteExpiresAt'),
)

// SQLite reports the number of written rows, which is faster than returning a row.
const insertClaim = prepared<ExchangeClaim, { jti: string }>((db, claim) => {
  const insert = db
    .insertInto('revoked_tokens')
    .values({
      jti: claim.jti,
      session_id: claim.sessionId,
      revoked_at: claim.now,
      successor_expires_at: claim.successorExpiresAt,
      expires_at: claim.expiresAt,
    })
    .onConflict((conflict) => conflict.column('jti').doNothing())
  return isPostgres(db) ? insert.returning('jti') : insert
})

export async function findRevokedToken(db: Database, jti: string): Promise<RevokedToken | undefined> {
  const [row] = await byJti(db, { jti })
  return row
}

const byJti = prepared((db, { jti }: { readonly jti: string }) =>
  db.selectFrom('revoked_tokens').select(REVOKED_TOKEN).where('jti', '=', jti),
)
