import { sql } from 'kysely'
import { batchPerTurn } from '../postgres/batch.ts'
import { rowVersion, withLockedSessions } from '../postgres/lock-rows.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { PresentedRefresh } from './rotation-conditions.ts'
import {
  boundColumns,
  generationStart,
  isCurrent,
  refreshedColumns,
  rotatedColumns,
  SESSION,
} from './rotation-conditions.ts'

/** Each array has one member for each session. */
interface RefreshColumns {
  readonly sessionIds: readonly string[]
  readonly userIds: readonly string[]
  readonly generations: readonly number[]
  readonly issuedAts: readonly number[]
  readonly issuedBefores: readonly number[]
  readonly nows: readonly number[]
  readonly expiresAts: readonly number[]
  readonly lineages: readonly string[]
  readonly addresses: readonly string[]
  readonly userAgents: readonly string[]
  readonly settledBefores: readonly number[]
  readonly deviceKeys: readonly string[]
  readonly bindingsUntils: readonly number[]
  readonly jkts: readonly string[]
  readonly count: number
}

const unnested = (refreshes: RefreshColumns) => sql<PresentedRefresh>`unnest(
  ${refreshes.sessionIds}::text[],
  ${refreshes.userIds}::text[],
  ${refreshes.generations}::bigint[],
  ${refreshes.issuedAts}::bigint[],
  ${refreshes.issuedBefores}::bigint[],
  ${refreshes.nows}::bigint[],
  ${refreshes.expiresAts}::bigint[],
  ${refreshes.lineages}::text[],
  ${refreshes.addresses}::text[],
  ${refreshes.userAgents}::text[],
  ${refreshes.settledBefores}::bigint[],
  ${refreshes.deviceKeys}::text[],
  ${refreshes.bindingsUntils}::bigint[],
  ${refreshes.jkts}::text[]
)`
const columns = sql`given(
  "sessionId", "userId", "generation", "issuedAt", "issuedBefore", "now", "expiresAt",
  "lineage", "address", "userAgent", "settledBefore", "deviceKey", "bindingsUntil", "jkt"
)`

const statement = prepared((db, refreshes: RefreshColumns) =>
  withLockedSessions(db, unnested(refreshes), columns, refreshes.count)
    .updateTable('sessions')
    .from('locked')
    .set(({ ref }) => ({
      ...rotatedColumns(
        { now: ref('locked.now'), expiresAt: ref('locked.expiresAt') },
        generationStart(ref('locked.now')),
      ),
      ...refreshedColumns({
        now: ref('locked.now'),
        address: ref('locked.address'),
        userAgent: ref('locked.userAgent'),
        settledBefore: ref('locked.settledBefore'),
      }),
      ...boundColumns({ jkt: ref('locked.jkt') }),
      lineage: ref('locked.lineage'),
    }))
    .whereRef(rowVersion, '=', 'locked.version')
    .where(({ ref }) =>
      isCurrent({
        sessionId: ref('locked.sessionId'),
        userId: ref('locked.userId'),
        generation: ref('locked.generation'),
        issuedAt: ref('locked.issuedAt'),
        issuedBefore: ref('locked.issuedBefore'),
        now: ref('locked.now'),
        deviceKey: ref('locked.deviceKey'),
        bindingsUntil: ref('locked.bindingsUntil'),
        jkt: ref('locked.jkt'),
      }),
    )
    .returning(SESSION),
)

const rotateAll = (db: Database, refreshes: readonly PresentedRefresh[]) =>
  statement(db, {
    sessionIds: refreshes.map(({ sessionId }) => sessionId),
    userIds: refreshes.map(({ userId }) => userId),
    generations: refreshes.map(({ generation }) => generation),
    issuedAts: refreshes.map(({ issuedAt }) => issuedAt),
    issuedBefores: refreshes.map(({ issuedBefore }) => issuedBefore),
    nows: refreshes.map(({ now }) => now),
    expiresAts: refreshes.map(({ expiresAt }) => expiresAt),
    lineages: refreshes.map(({ lineage }) => lineage),
    addresses: refreshes.map(({ address }) => address),
    userAgents: refreshes.map(({ userAgent }) => userAgent),
    settledBefores: refreshes.map(({ settledBefore }) => settledBefore),
    deviceKeys: refreshes.map(({ deviceKey }) => deviceKey),
    bindingsUntils: refreshes.map(({ bindingsUntil }) => bindingsUntil),
    jkts: refreshes.map(({ jkt }) => jkt),
    count: refreshes.length,
  })

/** Rotates a session together with others. Undefined: the caller has to rotate it alone. */
export const sharedRotation = batchPerTurn({ execute: rotateAll, minimum: 2 })
