import { sql } from 'kysely'
import { version, withLocked } from '../postgres/lock-rows.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { Claim, ClaimedToken } from './claim.ts'
import { isActive, whenTaken } from './rotation-conditions.ts'

/** Each array has one member for each session. */
interface Claims {
  readonly jtis: readonly string[]
  readonly sessionIds: readonly string[]
  readonly userIds: readonly string[]
  readonly nows: readonly number[]
  readonly expiresAts: readonly number[]
  readonly successorExpiresAts: readonly number[]
  readonly count: number
}

const unnested = (claims: Claims) => sql<Claim>`unnest(
  ${claims.jtis}::text[],
  ${claims.sessionIds}::text[],
  ${claims.userIds}::text[],
  ${claims.nows}::bigint[],
  ${claims.expiresAts}::bigint[],
  ${claims.successorExpiresAts}::bigint[]
)`
const columns = sql`presented("jti", "sessionId", "userId", "now", "expiresAt", "successorExpiresAt")`

const statement = prepared((db, claims: Claims) =>
  withLocked(db, unnested(claims), columns, claims.count)
    .with('claimed', (claimed) =>
      claimed
        .insertInto('revoked_tokens')
        .columns(['jti', 'session_id', 'revoked_at', 'successor_expires_at', 'expires_at'])
        .expression((eb) =>
          eb
            .selectFrom('locked')
            .innerJoin('sessions', (join) =>
              join.on(({ eb, ref }) => eb(version, '=', ref('locked.version'))),
            )
            .select(({ ref, fn }) => [
              'locked.jti',
              'sessions.id',
              whenTaken(ref('locked.now')).as('revoked_at'),
              fn<number>('least', ['locked.successorExpiresAt', 'sessions.absolute_expires_at']).as(
                'successor_expires_at',
              ),
              'locked.expiresAt',
            ])
            .whereRef('sessions.user_id', '=', 'locked.userId')
            .where('sessions.revoked_at', 'is', null)
            .whereRef('sessions.absolute_expires_at', '>', 'locked.now')
            .where(isActive),
        )
        .onConflict((conflict) => conflict.column('jti').doNothing())
        .returning(['session_id', 'revoked_at', 'successor_expires_at']),
    )
    .updateTable('sessions')
    .from('locked')
    .innerJoin('claimed', 'claimed.session_id', 'locked.sessionId')
    .set(({ eb, ref }) => ({
      refreshed_at: ref('locked.now'),
      refresh_count: eb('sessions.refresh_count', '+', 1),
    }))
    .whereRef(version, '=', 'locked.version')
    .returning([
      'sessions.id as id',
      'claimed.revoked_at as revokedAt',
      'claimed.successor_expires_at as successorExpiresAt',
    ]),
)

/** In one statement, unless somebody else has the session locked or has just changed it. */
export const claimAll = (db: Database, claims: readonly Claim[]): Promise<readonly ClaimedToken[]> =>
  statement(db, {
    jtis: claims.map(({ jti }) => jti),
    sessionIds: claims.map(({ sessionId }) => sessionId),
    userIds: claims.map(({ userId }) => userId),
    nows: claims.map(({ now }) => now),
    expiresAts: claims.map(({ expiresAt }) => expiresAt),
    successorExpiresAts: claims.map(({ successorExpiresAt }) => successorExpiresAt),
    count: claims.length,
  })
