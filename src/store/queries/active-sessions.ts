import type { ExpressionBuilder } from 'kysely'
import type { Database, Schema } from '../schema.ts'

export interface ActiveAt {
  /** Milliseconds since the epoch */
  readonly now: number
  /** See `prune` */
  readonly idleCutoff: number
}

/** Not ended, and to be gone on with: by its refresh token, or by an access token that can still be exchanged. */
export const isActiveSession = (eb: ExpressionBuilder<Schema, 'sessions'>, { now, idleCutoff }: ActiveAt) =>
  eb.and([
    eb('revoked_at', 'is', null),
    eb('absolute_expires_at', '>', now),
    eb.or([eb('expires_at', '>', now), eb('refreshed_at', '>', idleCutoff)]),
  ])

export interface CountedSlice {
  readonly active: number
  /** Where the next slice begins; null at the end of the table */
  readonly last: string | null
}

/** Counts the living among the next `size` sessions behind the id `after`: all at once may be a million. */
export function countActive(
  db: Database,
  moment: ActiveAt,
  after: string,
  size: number,
): Promise<CountedSlice> {
  return db
    .selectFrom((from) =>
      from
        .selectFrom('sessions')
        .select('id')
        .select((eb) => eb.case().when(isActiveSession(eb, moment)).then(1).end().as('active'))
        .where('id', '>', after)
        .orderBy('id')
        .limit(size)
        .as('slice'),
    )
    .select((eb) => [eb.fn.count<number>('active').as('active'), eb.fn.max<string | null>('id').as('last')])
    .executeTakeFirstOrThrow()
}
