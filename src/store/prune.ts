import { retried } from './retry.ts'
import type { Database } from './schema.ts'

/** What one call of {@link prune} deleted. */
export interface Pruned {
  readonly sessions: number
  readonly revokedTokens: number
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
): Promise<Pruned> {
  const expired = db.deleteFrom('sessions').where('id', 'in', (eb) =>
    eb
      .selectFrom('sessions')
      .select('id')
      .where('expires_at', '<=', now)
      .where((or) => or.or([or('refreshed_at', '<=', idleCutoff), or('absolute_expires_at', '<=', now)]))
      .limit(batch),
  )
  const revoked = db
    .deleteFrom('sessions')
    .where('id', 'in', (eb) =>
      eb.selectFrom('sessions').select('id').where('revoked_at', '<=', idleCutoff).limit(batch),
    )
  const tokens = db
    .deleteFrom('revoked_tokens')
    .where('jti', 'in', (eb) =>
      eb.selectFrom('revoked_tokens').select('jti').where('expires_at', '<=', now).limit(batch),
    )
  const count = async (deletion: typeof expired | typeof tokens) =>
    Number((await retried(db, () => deletion.executeTakeFirst())).numDeletedRows)
  return { sessions: (await count(expired)) + (await count(revoked)), revokedTokens: await count(tokens) }
}
