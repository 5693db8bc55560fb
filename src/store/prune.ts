import { transaction } from './retry.ts'
import type { Database } from './schema.ts'

/** What one call of {@link prune} deleted. */
export interface Pruned {
  readonly sessions: number
  readonly revokedTokens: number
}

export interface PrunedBatch extends Pruned {
  /** Milliseconds that the statements took, without the wait for the disk */
  readonly worked: number
}

/**
 * Deletes what can no longer be presented with success: at most `batch` rows of each kind, so that no refresh waits
 * long. A session is kept while an access token of it could still be exchanged.
 *
 * @param idleCutoff milliseconds since the epoch: whoever last refreshed before holds no exchangeable access token
 */
export async function prune(
  db: Database,
  { now, idleCutoff, batch }: { readonly now: number; readonly idleCutoff: number; readonly batch: number },
): Promise<PrunedBatch> {
  // One transaction: each costs a write to the disk.
  return transaction(db, async (trx) => {
    const begun = performance.now()
    const expired = await trx
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where('expires_at', '<=', now)
          .where((or) => or.or([or('refreshed_at', '<=', idleCutoff), or('absolute_expires_at', '<=', now)]))
          .limit(batch),
      )
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
      sessions: Number(expired.numDeletedRows + revoked.numDeletedRows),
      revokedTokens: Number(tokens.numDeletedRows),
    }
  })
}
