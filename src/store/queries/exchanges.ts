import { batchPerTurn } from '../postgres/batch.ts'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { prepared } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { ClaimedToken, ExchangeClaim, RevokedToken } from './exchange-batch.ts'
import { claimAll } from './exchange-batch.ts'
import { insertEnded } from './feed.ts'
import {
  isExchangeable,
  isOnDevice,
  isProven,
  refreshedColumns,
  userAllows,
  userClaims,
} from './rotation-conditions.ts'

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
export async function claimToken(
  db: Database,
  claim: ExchangeClaim,
): Promise<Omit<ClaimedToken, 'id'> | undefined> {
  try {
    const shared = isPostgres(db) ? await sharedClaim(db, claim) : undefined
    return shared ?? (await claimAlone(db, claim))
  } catch (error) {
    if (error instanceof AlreadyClaimed) return undefined
    throw error
  }
}

const claimAlone = (db: Database, claim: ExchangeClaim): Promise<Omit<ClaimedToken, 'id'> | undefined> =>
  transaction(db, async (trx) => {
    const [session] = await countRefresh(trx, claim)
    if (session === undefined) return undefined
    const successorExpiresAt = Math.min(claim.successorExpiresAt, session.absoluteExpiresAt)
    const [token] = await insertClaim(trx, { ...claim, successorExpiresAt })
    if (token === undefined) throw new AlreadyClaimed()
    const ended = { jti: claim.jti, heldUntil: token.revokedAt + claim.grace }
    if (claim.announced === 1) await insertEnded(trx, [ended], token.revokedAt)
    const { jkt, claims, userClaims } = session
    return { ...token, jkt, claims, userClaims }
  })

const countRefresh = prepared((db, claim: ExchangeClaim) => {
  const { sessionId, userId, generation, confined, now, address, userAgent, settledBefore, jkt } = claim
  return db
    .updateTable('sessions')
    .set(refreshedColumns({ now, address, userAgent, settledBefore }))
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.absolute_expires_at', '>', now)
    .where(isExchangeable({ generation, confined }))
    .where(isOnDevice(claim))
    .where(isProven({ jkt }))
    .where(userAllows)
    .returning([
      'sessions.absolute_expires_at as absoluteExpiresAt',
      'sessions.jkt as jkt',
      'sessions.claims as claims',
      userClaims(),
    ])
})

const insertClaim = prepared((db, claim: ExchangeClaim) =>
  db
    .insertInto('revoked_tokens')
    .values({
      jti: claim.jti,
      session_id: claim.sessionId,
      revoked_at: claim.now,
      successor_expires_at: claim.successorExpiresAt,
      expires_at: claim.expiresAt,
    })
    .onConflict((conflict) => conflict.column('jti').doNothing())
    .returning(REVOKED_TOKEN),
)

export async function findRevokedToken(db: Database, jti: string): Promise<RevokedToken | undefined> {
  const [row] = await byJti(db, { jti })
  return row
}

const byJti = prepared((db, { jti }: { readonly jti: string }) =>
  db.selectFrom('revoked_tokens').select(REVOKED_TOKEN).where('jti', '=', jti),
)
