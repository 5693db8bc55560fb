import type { ExpressionBuilder } from 'kysely'
import type { Database, Schema } from '../schema.ts'

export interface ActiveAt {
  /** Milliseconds since the epoch */
  readonly now: number
  /** Milliseconds since the epoch: see `idleCutoff` in `src/sessions/context.ts` */
  readonly idleCutoff: number
}

/** Whether a session can be continued by its refresh token or by an access token that can still be exchanged. */
export const isActiveSession = (eb: ExpressionBuilder<Schema, 'sessions'>, { now, idleCutoff }: ActiveAt) =>
  eb.and([
    eb('revoked_at', 'is', null),
    eb('absolute_expires_at', '>', now),
    eb.or([eb('expires_at', '>', now), eb('refreshed_at', '>', idleCutoff)]),
  ])

export interface CountedSlice {
  readonly active: number
  /** The `after` of the next slice; null at the end of the table */
  readonly last: string | null
}

/** Counts the active ones among the next `size` sessions after the id `after`. The whole table may have a million. */
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
