import { sql } from 'kysely'
import { gathered } from '../postgres/batch.ts'
import { version, withLocked } from '../postgres/lock-rows.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { Swap } from './rotation-conditions.ts'
import { isCurrent, rotated, SESSION, whenTaken } from './rotation-conditions.ts'

/** Each array has one member for each session. */
interface Swaps {
  readonly sessionIds: readonly string[]
  readonly userIds: readonly string[]
  readonly generations: readonly number[]
  readonly issuedAts: readonly number[]
  readonly issuedBefores: readonly number[]
  readonly nows: readonly number[]
  readonly expiresAts: readonly number[]
  readonly count: number
}

const unnested = (swaps: Swaps) => sql<Swap>`unnest(
  ${swaps.sessionIds}::text[],
  ${swaps.userIds}::text[],
  ${swaps.generations}::bigint[],
  ${swaps.issuedAts}::bigint[],
  ${swaps.issuedBefores}::bigint[],
  ${swaps.nows}::bigint[],
  ${swaps.expiresAts}::bigint[]
)`
const columns = sql`presented("sessionId", "userId", "generation", "issuedAt", "issuedBefore", "now", "expiresAt")`

const statement = prepared((db, swaps: Swaps) =>
  withLocked(db, unnested(swaps), columns, swaps.count)
    .updateTable('sessions')
    .from('locked')
    .set(({ ref }) =>
      rotated({ now: ref('locked.now'), expiresAt: ref('locked.expiresAt') }, whenTaken(ref('locked.now'))),
    )
    .whereRef(version, '=', 'locked.version')
    .where(({ ref }) =>
      isCurrent({
        sessionId: ref('locked.sessionId'),
        userId: ref('locked.userId'),
        generation: ref('locked.generation'),
        issuedAt: ref('locked.issuedAt'),
        issuedBefore: ref('locked.issuedBefore'),
        now: ref('locked.now'),
      }),
    )
    .returning(SESSION),
)

const rotateAll = (db: Database, swaps: readonly Swap[]) =>
  statement(db, {
    sessionIds: swaps.map(({ sessionId }) => sessionId),
    userIds: swaps.map(({ userId }) => userId),
    generations: swaps.map(({ generation }) => generation),
    issuedAts: swaps.map(({ issuedAt }) => issuedAt),
    issuedBefores: swaps.map(({ issuedBefore }) => issuedBefore),
    nows: swaps.map(({ now }) => now),
    expiresAts: swaps.map(({ expiresAt }) => expiresAt),
    count: swaps.length,
  })

/** Rotates it, together with others, unless somebody else has it locked or has just changed it. */
export const sharedRotation = gathered({ send: rotateAll, least: 2 })
