import type { Expression, ExpressionBuilder } from 'kysely'
import { expressionBuilder, sql } from 'kysely'
import { QUERY_TIMEOUT } from '../postgres/errors.ts'
import type { Schema } from '../schema.ts'

/** Where a refresh or exchange came from, and when. Times are in milliseconds since the epoch. */
export interface RefreshedFrom {
  readonly now: number
  /** Empty: unknown */
  readonly address: string
  /** Empty: unknown */
  readonly userAgent: string
  /** An earlier refresh is shown to the user. Later ones are too recent: see {@link refreshedColumns}. */
  readonly settledBefore: number
}

/** Which device a request proves, for sessions that are bound to one */
export interface ProvenDevice {
  /** The thumbprint of the key. Empty: none */
  readonly deviceKey: string
  /** Bindings made after this time are not in force yet. -1: none is. Milliseconds since the epoch */
  readonly bindingsUntil: number
}

/** A presented refresh token and the deadline of its successor. Times are in milliseconds since the epoch. */
export interface PresentedRefresh extends RefreshedFrom, ProvenDevice {
  readonly sessionId: string
  readonly userId: string
  readonly generation: number
  readonly issuedAt: number
  /** One second after `issuedAt`, because a token carries whole seconds. The generation began before this time. */
  readonly issuedBefore: number
  readonly expiresAt: number
  /** Of the new generation: see `src/sessions/lineage.ts` */
  readonly lineage: string
  /** The thumbprint of the key that was proven. Empty: none */
  readonly jkt: string
}

/** Values, or columns with them */
export type Operands<Name extends keyof PresentedRefresh> = {
  readonly [Key in Name]: PresentedRefresh[Key] | Expression<PresentedRefresh[Key]>
}

/** The columns by which a session is judged. Reading fewer columns makes a refresh faster. */
export const SESSION_STATE = [
  'sessions.id as id',
  'sessions.user_id as userId',
  'sessions.generation as generation',
  'sessions.rotated_at as rotatedAt',
  'sessions.expires_at as expiresAt',
  'sessions.absolute_expires_at as absoluteExpiresAt',
  'sessions.revoked_at as revokedAt',
  'sessions.lineage as lineage',
  'sessions.jkt as jkt',
] as const

/** The same, with what else is in access tokens */
export const SESSION = [...SESSION_STATE, 'sessions.claims as claims', userClaims()] as const

/** The claims of the user, read with the session: a refresh has no other look at the user's row. */
export function userClaims() {
  return expressionBuilder<Schema, 'sessions'>()
    .selectFrom('users as owner')
    .select('owner.claims')
    .whereRef('owner.id', '=', 'sessions.user_id')
    .as('userClaims')
}

/** Whether the token belongs to the current generation of an active session of an active user. */
export function isCurrent(
  refresh: Operands<
    'sessionId' | 'userId' | 'generation' | 'issuedAt' | 'issuedBefore' | 'now' | 'jkt' | keyof ProvenDevice
  >,
) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.and([
    eb('sessions.id', '=', refresh.sessionId),
    eb('sessions.user_id', '=', refresh.userId),
    eb('sessions.generation', '=', refresh.generation),
    // A token of the right generation but another time comes from a restored database: see classify.
    eb('sessions.rotated_at', '>=', refresh.issuedAt),
    eb('sessions.rotated_at', '<', refresh.issuedBefore),
    eb('sessions.revoked_at', 'is', null),
    eb('sessions.expires_at', '>', refresh.now),
    eb('sessions.absolute_expires_at', '>', refresh.now),
    isOnDevice(refresh),
    isProven(refresh),
    userAllows(),
  ])
}

/** Whether the session is not bound to a device, or to that of the request. */
export function isOnDevice({ deviceKey, bindingsUntil }: Operands<keyof ProvenDevice>) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.or([
    eb('sessions.bound_at', 'is', null),
    eb('sessions.bound_at', '>', bindingsUntil),
    eb('sessions.device_key', '=', deviceKey),
  ])
}

/** Whether the session is bound to no key, or to the one that was proven. */
export function isProven({ jkt }: Operands<'jkt'>) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.or([eb('sessions.jkt', 'is', null), eb('sessions.jkt', '=', jkt)])
}

/** A refresh with a proof binds a session that is not bound yet. */
export const boundColumns = ({ jkt }: Operands<'jkt'>) => ({ jkt: sql<string | null>`nullif(${jkt}, '')` })

/** Whether the user of the session is active and has not ended all sessions of its epoch. */
export function userAllows() {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.exists(
    eb
      .selectFrom('users')
      .select('users.id')
      .whereRef('users.id', '=', 'sessions.user_id')
      .where('users.deactivated_at', 'is', null)
      .where(isOfLivingEpoch),
  )
}

/** {@link isOfLivingEpoch} for a session whose user may be inactive */
export function isNotEnding() {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.exists(
    eb
      .selectFrom('users')
      .select('users.id')
      .whereRef('users.id', '=', 'sessions.user_id')
      .where(isOfLivingEpoch),
  )
}

/** Whether no ending of all sessions covers this one. If one does, the session is over before its row says so. */
export function isOfLivingEpoch(eb: ExpressionBuilder<Schema, 'users' | 'sessions'>) {
  return eb.or([eb('users.ending_at', 'is', null), eb('sessions.epoch', '>=', eb.ref('users.session_epoch'))])
}

/**
 * Whether the session's access tokens of this generation can be exchanged: those from before a password change cannot.
 *
 * @param confined 1: only in a session that nothing but exchanges has continued. 0: in any session
 */
export function isExchangeable(token: {
  readonly generation: number | Expression<number>
  readonly confined: number | Expression<number>
}) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.and([
    eb('sessions.start_generation', '<=', token.generation),
    eb.or([
      sql<boolean>`${token.confined} = 0`,
      eb.and([
        eb('sessions.generation', '=', eb.ref('sessions.start_generation')),
        eb('sessions.cookie_at', 'is', null),
      ]),
    ]),
  ])
}

/** The columns that a rotation changes. @param began when the new generation begins: see {@link generationStart} */
export function rotatedColumns(
  { now, expiresAt }: Operands<'now' | 'expiresAt'>,
  began: Operands<'now'>['now'] = now,
) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return {
    generation: eb('sessions.generation', '+', 1),
    rotated_at: began,
    expires_at: eb
      .case()
      .when('sessions.absolute_expires_at', '<', expiresAt)
      .then(eb.ref('sessions.absolute_expires_at'))
      .else(sql<number>`${expiresAt}`)
      .end(),
  }
}

/**
 * The columns that a refresh or exchange changes. What the user is shown of it comes later: an access token must not tell
 * its holder when the session is refreshed, because a thief would then present a stolen refresh token within the grace
 * window. `shown` keeps the last refresh that was old enough when the next one came.
 */
export function refreshedColumns({ now, address, userAgent, settledBefore }: Operands<keyof RefreshedFrom>) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  const { ref } = eb
  const last = sql.join<string>(
    [
      sql`${ref('sessions.refreshed_at')} || ' ' || ${ref('sessions.refresh_count')}`,
      sql`${ref('sessions.expires_at')} || ' ' || coalesce(${ref('sessions.refreshed_address')}, '=')`,
    ],
    sql` || ' ' || `,
  )
  const device = sql<string>`coalesce(' ' || ${ref('sessions.refreshed_user_agent')}, '')`
  return {
    ...refreshedFrom({ now, address, userAgent }),
    refresh_count: eb('sessions.refresh_count', '+', 1),
    shown: eb
      .case()
      .when(eb.or([eb('sessions.shown', 'is', null), eb('sessions.refreshed_at', '<=', settledBefore)]))
      .then(sql<string>`${last} || ${device}`)
      .else(ref('sessions.shown'))
      .end(),
  }
}

/** When a refresh happened, and where it came from. What is as at the login is not written again. */
export function refreshedFrom({ now, address, userAgent }: Operands<'now' | 'address' | 'userAgent'>) {
  const { ref } = expressionBuilder<Schema, 'sessions'>()
  return {
    refreshed_at: now,
    refreshed_address: sql<string | null>`nullif(${address}, coalesce(${ref('sessions.address')}, ''))`,
    refreshed_user_agent: sql<
      string | null
    >`nullif(${userAgent}, coalesce(${ref('sessions.user_agent')}, ''))`,
  }
}

// A larger difference means that a clock is wrong by a time zone.
const HOUR = 3_600_000
const CLOCK = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * When the new generation begins, on PostgreSQL. A statement that timed out here may still be executed when the
 * server or the network recovers. By then its client has received 503 and retries with the token that this statement
 * supersedes. The grace window therefore starts at the server's time of execution.
 */
export const generationStart = (now: Operands<'now'>['now']) =>
  sql<number>`case when ${CLOCK} - ${now} between ${sql.lit(QUERY_TIMEOUT)} and ${sql.lit(HOUR)} then ${CLOCK} else ${now} end`
