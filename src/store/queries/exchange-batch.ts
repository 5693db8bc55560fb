import { sql } from 'kysely'
import type { KeptClaims } from '../../tokens/own-claims.ts'
import { rowVersion, withLockedSessions } from '../postgres/lock-rows.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { ProvenDevice, RefreshedFrom } from './rotation-conditions.ts'
import {
  generationStart,
  isExchangeable,
  isOnDevice,
  isProven,
  refreshedColumns,
  userAllows,
  userClaims,
} from './rotation-conditions.ts'

/** An access token to exchange. Times are in milliseconds since the epoch. */
export interface ExchangeClaim extends RefreshedFrom, ProvenDevice {
  readonly jti: string
  readonly sessionId: string
  readonly userId: string
  /** Of the session, when the token was issued */
  readonly generation: number
  /** 1 or 0: see {@link isExchangeable} */
  readonly confined: number
  /** When the row may be pruned */
  readonly expiresAt: number
  /** Capped by the session's absolute deadline */
  readonly successorExpiresAt: number
  /** The thumbprint of the key that was proven. Empty: none */
  readonly jkt: string
  /** Milliseconds for which the token may be exchanged again */
  readonly grace: number
  /** 1 or 0: whether the token may live at APIs after that, so that the feed has to name it */
  readonly announced: number
}

export interface RevokedToken {
  readonly revokedAt: number
  readonly successorExpiresAt: number
}

export interface ClaimedToken extends RevokedToken, KeptClaims {
  /** The id of the session */
  readonly id: string
  /** The thumbprint of the key that the session is bound to. Null: of none */
  readonly jkt: string | null
}

/** Each array has one member for each session. */
interface Claims {
  readonly jtis: readonly string[]
  readonly sessionIds: readonly string[]
  readonly userIds: readonly string[]
  readonly generations: readonly number[]
  readonly confineds: readonly number[]
  readonly nows: readonly number[]
  readonly expiresAts: readonly number[]
  readonly successorExpiresAts: readonly number[]
  readonly addresses: readonly string[]
  readonly userAgents: readonly string[]
  readonly settledBefores: readonly number[]
  readonly deviceKeys: readonly string[]
  readonly bindingsUntils: readonly number[]
  readonly jkts: readonly string[]
  readonly graces: readonly number[]
  readonly announceds: readonly number[]
  readonly count: number
}

const unnested = (claims: Claims) => sql<ExchangeClaim>`unnest(
  ${claims.jtis}::text[],
  ${claims.sessionIds}::text[],
  ${claims.userIds}::text[],
  ${claims.generations}::bigint[],
  ${claims.confineds}::bigint[],
  ${claims.nows}::bigint[],
  ${claims.expiresAts}::bigint[],
  ${claims.successorExpiresAts}::bigint[],
  ${claims.addresses}::text[],
  ${claims.userAgents}::text[],
  ${claims.settledBefores}::bigint[],
  ${claims.deviceKeys}::text[],
  ${claims.bindingsUntils}::bigint[],
  ${claims.jkts}::text[],
  ${claims.graces}::bigint[],
  ${claims.announceds}::bigint[]
)`
const columns = sql`given(
  "jti", "sessionId", "userId", "generation", "confined", "now", "expiresAt", "successorExpiresAt",
  "address", "userAgent", "settledBefore", "deviceKey", "bindingsUntil", "jkt", "grace", "announced"
)`

const statement = prepared((db, claims: Claims) =>
  withLockedSessions(db, unnested(claims), columns, claims.count)
    .with('claimed', (claimed) =>
      claimed
        .insertInto('revoked_tokens')
        .columns(['jti', 'session_id', 'revoked_at', 'successor_expires_at', 'expires_at'])
        .expression((eb) =>
          eb
            .selectFrom('locked')
            .innerJoin('sessions', (join) =>
              join.on(({ eb, ref }) => eb(rowVersion, '=', ref('locked.version'))),
            )
            .select(({ ref, fn }) => [
              'locked.jti',
              'sessions.id',
              generationStart(ref('locked.now')).as('revoked_at'),
              fn<number>('least', ['locked.successorExpiresAt', 'sessions.absolute_expires_at']).as(
                'successor_expires_at',
              ),
              'locked.expiresAt',
            ])
            .whereRef('sessions.user_id', '=', 'locked.userId')
            .where('sessions.revoked_at', 'is', null)
            .whereRef('sessions.absolute_expires_at', '>', 'locked.now')
            .where(({ ref }) =>
              isExchangeable({ generation: ref('locked.generation'), confined: ref('locked.confined') }),
            )
            .where(({ ref }) =>
              isOnDevice({ deviceKey: ref('locked.deviceKey'), bindingsUntil: ref('locked.bindingsUntil') }),
            )
            .where(({ ref }) => isProven({ jkt: ref('locked.jkt') }))
            .where(userAllows),
        )
        .onConflict((conflict) => conflict.column('jti').doNothing())
        .returning(['jti', 'session_id', 'revoked_at', 'successor_expires_at']),
    )
    .with('announced', (announced) =>
      announced
        .insertInto('feed')
        .columns(['ended_at', 'held_until', 'jti'])
        .expression((eb) =>
          eb
            .selectFrom('locked')
            .innerJoin('claimed', 'claimed.jti', 'locked.jti')
            .select(({ ref }) => [
              'claimed.revoked_at',
              sql<number>`${ref('claimed.revoked_at')} + ${ref('locked.grace')}`.as('held_until'),
              'claimed.jti',
            ])
            .where('locked.announced', '=', 1),
        ),
    )
    .updateTable('sessions')
    .from('locked')
    .innerJoin('claimed', 'claimed.session_id', 'locked.sessionId')
    .set(({ ref }) =>
      refreshedColumns({
        now: ref('locked.now'),
        address: ref('locked.address'),
        userAgent: ref('locked.userAgent'),
        settledBefore: ref('locked.settledBefore'),
      }),
    )
    .whereRef(rowVersion, '=', 'locked.version')
    .returning([
      'sessions.id as id',
      'sessions.jkt as jkt',
      'sessions.claims as claims',
      userClaims(),
      'claimed.revoked_at as revokedAt',
      'claimed.successor_expires_at as successorExpiresAt',
    ]),
)

/** Claims tokens in one statement. It skips sessions that another transaction has locked or just changed. */
export const claimAll = (db: Database, claims: readonly ExchangeClaim[]): Promise<readonly ClaimedToken[]> =>
  statement(db, {
    jtis: claims.map(({ jti }) => jti),
    sessionIds: claims.map(({ sessionId }) => sessionId),
    userIds: claims.map(({ userId }) => userId),
    generations: claims.map(({ generation }) => generation),
    confineds: claims.map(({ confined }) => confined),
    nows: claims.map(({ now }) => now),
    expiresAts: claims.map(({ expiresAt }) => expiresAt),
    successorExpiresAts: claims.map(({ successorExpiresAt }) => successorExpiresAt),
    addresses: claims.map(({ address }) => address),
    userAgents: claims.map(({ userAgent }) => userAgent),
    settledBefores: claims.map(({ settledBefore }) => settledBefore),
    deviceKeys: claims.map(({ deviceKey }) => deviceKey),
    bindingsUntils: claims.map(({ bindingsUntil }) => bindingsUntil),
    jkts: claims.map(({ jkt }) => jkt),
    graces: claims.map(({ grace }) => grace),
    announceds: claims.map(({ announced }) => announced),
    count: claims.length,
  })
