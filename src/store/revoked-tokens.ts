import { sql } from 'kysely'
import { transaction } from './retry.ts'
import type { Database } from './schema.ts'

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

// PostgreSQL takes a bare parameter in a select list for text.
const bigint = (value: number) => sql<number>`cast(${value} as bigint)`
const text = (value: string) => sql<string>`cast(${value} as text)`

/**
 * Marks an access token as exchanged, if its session lives and its user is active. The row is the lock: of many that
 * present one `jti`, one gets the row. @returns undefined when somebody else had it, or the session is over
 */
export function claimToken(db: Database, claim: Claim): Promise<RevokedToken | undefined> {
  return transaction(db, async (trx) => {
    const row = await trx
      .insertInto('revoked_tokens')
      .columns(['jti', 'session_id', 'revoked_at', 'successor_expires_at', 'expires_at'])
      .expression((eb) =>
        eb
          .selectFrom('sessions')
          .innerJoin('users', 'users.id', 'sessions.user_id')
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
          .where('sessions.id', '=', claim.sessionId)
          .where('sessions.user_id', '=', claim.userId)
          .where('sessions.revoked_at', 'is', null)
          .where('sessions.absolute_expires_at', '>', claim.now)
          .where('users.deactivated_at', 'is', null),
      )
      .onConflict((conflict) => conflict.column('jti').doNothing())
      .returning(['revoked_at as revokedAt', 'successor_expires_at as successorExpiresAt'])
      .executeTakeFirst()
    if (row === undefined) return undefined
    await trx
      .updateTable('sessions')
      .set((eb) => ({ refreshed_at: claim.now, refresh_count: eb('refresh_count', '+', 1) }))
      .where('id', '=', claim.sessionId)
      .execute()
    return row
  })
}

export function findRevokedToken(db: Database, jti: string): Promise<RevokedToken | undefined> {
  return db
    .selectFrom('revoked_tokens')
    .select(['revoked_at as revokedAt', 'successor_expires_at as successorExpiresAt'])
    .where('jti', '=', jti)
    .executeTakeFirst()
}
