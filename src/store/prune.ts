import type { ExpressionBuilder } from 'kysely'
import { transaction } from './retry.ts'
import type { Database, Schema } from './schema.ts'

/** What one call of {@link prune} deleted. */
export interface Pruned {
  readonly sessions: number
  readonly revokedTokens: number
}

export interface PrunedBatch extends Pruned {
  /** Sessions that were looked at and have more time */
  readonly kept: number
  /** Milliseconds that the statements took, without the wait for the disk */
  readonly worked: number
}

interface Batch {
  readonly now: number
  readonly idleCutoff: number
  /** Rows */
  readonly batch: number
}

/**
 * Deletes what can no longer be presented with success: at most `batch` rows of each kind, so that no refresh waits
 * long. A session is kept while an access token of it could still be exchanged.
 *
 * @param idleCutoff milliseconds since the epoch: whoever last refreshed before holds no exchangeable access token
 */
export async function prune(db: Database, { now, idleCutoff, batch }: Batch): Promise<PrunedBatch> {
  // One transaction: each costs a write to the disk.
  return transaction(db, async (trx) => {
    const begun = performance.now()
    const kept = await postpone(trx, { now, idleCutoff, batch })
    const expired = await trx
      .deleteFrom('sessions')
      .where('id', 'in', due(trx, now, batch))
      .where((eb) => isOver(eb, now, idleCutoff))
      .executeTakeFirst()
    const revoked = await trx
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb.selectFrom('sessions').select('id').where('revoked_at', '<=', idleCutoff).limit(batch),
      )
      .executeTakeFirst()
    const tokens = await trx
      .deleteFrom('revoked_tokens')
      .where('jti', 'in', (eb) =>
        eb.selectFrom('revoked_tokens').select('jti').where('expires_at', '<=', now).limit(batch),
      )
      .executeTakeFirst()
    return {
      worked: performance.now() - begun,
      kept,
      sessions: Number(expired.numDeletedRows + revoked.numDeletedRows),
      revokedTokens: Number(tokens.numDeletedRows),
    }
  })
}

const due = (db: Database, now: number, batch: number) =>
  db.selectFrom('sessions').select('id').where('prune_at', '<=', now).orderBy('prune_at').limit(batch)

const isOver = (eb: ExpressionBuilder<Schema, 'sessions'>, now: number, idleCutoff: number) =>
  eb.and([
    eb('expires_at', '<=', now),
    eb.or([eb('refreshed_at', '<=', idleCutoff), eb('absolute_expires_at', '<=', now)]),
  ])

/** A rotation moves the deadline and leaves `prune_at` alone, so that those who lived on come up once in a while. */
async function postpone(db: Database, { now, idleCutoff, batch }: Batch): Promise<number> {
  const keep = now - idleCutoff
  const result = await db
    .updateTable('sessions')
    .set((eb) => ({
      prune_at: eb
        .case()
        .when('expires_at', '>', now)
        .then(eb.ref('expires_at'))
        .when('absolute_expires_at', '<', eb('refreshed_at', '+', keep))
        .then(eb.ref('absolute_expires_at'))
        .else(eb('refreshed_at', '+', keep))
        .end(),
    }))
    .where('id', 'in', due(db, now, batch))
    .where((eb) => eb.not(isOver(eb, now, idleCutoff)))
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}
