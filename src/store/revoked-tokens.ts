import { prepared } from './prepared.ts'
import { transaction } from './retry.ts'
import type { Database } from './schema.ts'
import { bigint, text, withWanted } from './wanted.ts'

export interface Claim {
  readonly jti: string
  readonly sessionId: string
  readonly userId: string
  readonly now: number
  /** When the row may be pruned */
  readonly expiresAt: number
  /** Capped by the session's absolute deadline */
  readonly successorExpiresAt: number
}

export interface RevokedToken {
  readonly revokedAt: number
  readonly successorExpiresAt: number
}

const REVOKED_TOKEN = ['revoked_at as revokedAt', 'successor_expires_at as successorExpiresAt'] as const

/**
 * Marks an access token as exchanged, if its session lives and its user is active. The row is the lock: of many that
 * present one `jti`, one gets the row. @returns undefined when somebody else had it, or the session is over
 */
export function claimToken(db: Database, claim: Claim): Promise<RevokedToken | undefined> {
  return transaction(db, async (trx) => {
    const [row] = await insertClaim(trx, claim)
    if (row === undefined) return undefined
    const isCounted = await countRefresh(trx, claim)
    // On PostgreSQL the session may have ended between the two. The row that is left of it does no harm.
    return isCounted.length > 0 ? row : undefined
  })
}

const insertClaim = prepared((db, claim: Claim) =>
  withWanted(db, claim)
    .insertInto('revoked_tokens')
    .columns(['jti', 'session_id', 'revoked_at', 'successor_expires_at', 'expires_at'])
    .expression((eb) =>
      eb
        .selectFrom('wanted')
        .innerJoin('users', 'users.id', 'wanted.userId')
        .innerJoin('sessions', (join) =>
          join.onRef('sessions.id', '=', 'wanted.sessionId').onRef('sessions.user_id', '=', 'users.id'),
        )
        .select((joined) => [
          text(claim.jti).as('jti'),
          'sessions.id',
          bigint(claim.now).as('revoked_at'),
          joined
            .case()
            .when('sessions.absolute_expires_at', '<', claim.successorExpiresAt)
            .then(joined.ref('sessions.absolute_expires_at'))
            .else(bigint(claim.successorExpiresAt))
            .end()
            .as('successor_expires_at'),
          bigint(claim.expiresAt).as('expires_at'),
        ])
        .where('sessions.revoked_at', 'is', null)
        .where('sessions.absolute_expires_at', '>', claim.now)
        .where('users.deactivated_at', 'is', null),
    )
    .onConflict((conflict) => conflict.column('jti').doNothing())
    .returning(REVOKED_TOKEN),
)

const countRefresh = prepared((db, { sessionId, now }: Claim) =>
  db
    .updateTable('sessions')
    .set((eb) => ({ refreshed_at: now, refresh_count: eb('refresh_count', '+', 1) }))
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .returning('id'),
)

export async function findRevokedToken(db: Database, jti: string): Promise<RevokedToken | undefined> {
  const [row] = await byJti(db, { jti })
  return row
}

const byJti = prepared((db, { jti }: { readonly jti: string }) =>
  db.selectFrom('revoked_tokens').select(REVOKED_TOKEN).where('jti', '=', jti),
)
