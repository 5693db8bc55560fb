import { sql } from 'kysely'
import type { Claim, ClaimedToken } from './claim.ts'
import { prepared } from './prepared.ts'
import { transaction } from './retry.ts'
import type { Database } from './schema.ts'
import { isActive } from './swap.ts'

/** A JSON array of claims, of different sessions. `jsonb_each`: what it gives is not parsed anew for each member. */
interface Claims {
  readonly claims: string
}

const listed = ({ claims }: Claims) => sql<{ value: Uint8Array }>`jsonb_each(${claims})`.as('claims')

const member = <Name extends keyof Claim>(name: Name) => sql<Claim[Name]>`claims.value ->> ${sql.lit(name)}`

/** In one transaction, where nothing can come between its statements: SQLite has one writer. */
export async function claimAll(db: Database, claims: readonly Claim[]): Promise<readonly ClaimedToken[]> {
  return transaction(db, async (trx) => {
    const rows = await insertClaims(trx, { claims: JSON.stringify(claims) })
    const claimed = new Set(rows.map(({ id }) => id))
    const counted = claims.filter(({ sessionId }) => claimed.has(sessionId))
    await countRefreshes(trx, { claims: JSON.stringify(counted) })
    return rows
  })
}

const insertClaims = prepared((db, claims: Claims) =>
  db
    .insertInto('revoked_tokens')
    .columns(['jti', 'session_id', 'revoked_at', 'successor_expires_at', 'expires_at'])
    .expression((eb) =>
      eb
        .selectFrom(listed(claims))
        // In this order, whatever SQLite may know of the tables.
        .crossJoin('sessions')
        .select([
          member('jti').as('jti'),
          'sessions.id',
          member('now').as('revoked_at'),
          sql<number>`min(${member('successorExpiresAt')}, sessions.absolute_expires_at)`.as(
            'successor_expires_at',
          ),
          member('expiresAt').as('expires_at'),
        ])
        .where('sessions.id', '=', member('sessionId'))
        .where('sessions.user_id', '=', member('userId'))
        .where('sessions.revoked_at', 'is', null)
        .where('sessions.absolute_expires_at', '>', member('now'))
        .where(isActive),
    )
    .onConflict((conflict) => conflict.column('jti').doNothing())
    .returning(['session_id as id', 'revoked_at as revokedAt', 'successor_expires_at as successorExpiresAt']),
)

const countRefreshes = prepared((db, claims: Claims) =>
  db
    .updateTable('sessions')
    .from(listed(claims))
    .set((eb) => ({
      refreshed_at: member('now'),
      refresh_count: eb('sessions.refresh_count', '+', 1),
    }))
    .where('sessions.id', '=', member('sessionId')),
)
