import type { Expression } from 'kysely'
import { expressionBuilder, sql } from 'kysely'
import { QUERY_TIMEOUT } from '../postgres/errors.ts'
import type { Schema } from '../schema.ts'

/** A refresh token that was presented, and what comes of it. Times in milliseconds. */
export interface PresentedRefresh {
  readonly sessionId: string
  readonly userId: string
  readonly generation: number
  readonly issuedAt: number
  /** A token carries whole seconds: its generation began before this. */
  readonly issuedBefore: number
  readonly now: number
  readonly expiresAt: number
}

/** Values, or the columns that hold them */
type Operands<Name extends keyof PresentedRefresh> = {
  readonly [Key in Name]: PresentedRefresh[Key] | Expression<PresentedRefresh[Key]>
}

/** What tokens are made and judged by. Each column that is read costs a refresh some of its time. */
export const SESSION = [
  'sessions.id as id',
  'sessions.user_id as userId',
  'sessions.generation as generation',
  'sessions.rotated_at as rotatedAt',
  'sessions.expires_at as expiresAt',
  'sessions.absolute_expires_at as absoluteExpiresAt',
  'sessions.revoked_at as revokedAt',
] as const

/** Whether the token is that of the current generation of a living session of an active user. */
export function isCurrent(refresh: Operands<Exclude<keyof PresentedRefresh, 'expiresAt'>>) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.and([
    eb('sessions.id', '=', refresh.sessionId),
    eb('sessions.user_id', '=', refresh.userId),
    eb('sessions.generation', '=', refresh.generation),
    // One of the right generation and the wrong time: see classify.
    eb('sessions.rotated_at', '>=', refresh.issuedAt),
    eb('sessions.rotated_at', '<', refresh.issuedBefore),
    eb('sessions.revoked_at', 'is', null),
    eb('sessions.expires_at', '>', refresh.now),
    eb('sessions.absolute_expires_at', '>', refresh.now),
    hasActiveUser(),
  ])
}

/** Whether the user of the session is. */
export function hasActiveUser() {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return eb.exists(
    eb
      .selectFrom('users')
      .select('users.id')
      .whereRef('users.id', '=', 'sessions.user_id')
      .where('users.deactivated_at', 'is', null),
  )
}

/** What a rotation changes. @param began when its generation does: as a rule now, see whenTaken */
export function rotatedColumns(
  { now, expiresAt }: Operands<'now' | 'expiresAt'>,
  began: Operands<'now'>['now'] = now,
) {
  const eb = expressionBuilder<Schema, 'sessions'>()
  return {
    generation: eb('sessions.generation', '+', 1),
    rotated_at: began,
    refreshed_at: now,
    refresh_count: eb('sessions.refresh_count', '+', 1),
    expires_at: eb
      .case()
      .when('sessions.absolute_expires_at', '<', expiresAt)
      .then(eb.ref('sessions.absolute_expires_at'))
      .else(sql<number>`${expiresAt}`)
      .end(),
  }
}

// A clock that is wrong by a time zone is not believed.
const HOUR = 3_600_000
const CLOCK = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * On PostgreSQL a statement that was given up may be taken up when the server or the network comes back. Its client was
 * told so and asks again with the token that is superseded then: its grace begins when the server says.
 */
export const generationStart = (now: Operands<'now'>['now']) =>
  sql<number>`case when ${CLOCK} - ${now} between ${sql.lit(QUERY_TIMEOUT)} and ${sql.lit(HOUR)} then ${CLOCK} else ${now} end`
