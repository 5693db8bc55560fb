import { retried } from './retry.ts'
import type { Database } from './schema.ts'
import type { RevocationReason } from './sessions.ts'

// Small enough that a refresh hardly waits for one.
const BATCH = 200

/** Ends everything, batch by batch. @returns how many sessions lived until now */
export async function revokeAllSessions(
  db: Database,
  reason: RevocationReason,
  now: number,
): Promise<number> {
  let count = 0
  let after = ''
  for (;;) {
    const ids = db
      .selectFrom('sessions')
      .select('id')
      .where('id', '>', after)
      .where('revoked_at', 'is', null)
      .where('absolute_expires_at', '>', now)
      .orderBy('id')
      .limit(BATCH)
    const update = db
      .updateTable('sessions')
      .set({ revoked_at: now, revoked_reason: reason })
      .where('id', 'in', ids)
      .where('revoked_at', 'is', null)
      .returning('id')
    const rows = await retried(db, () => update.execute())
    if (rows.length === 0) return count
    count += rows.length
    after = rows.reduce((last, { id }) => (id > last ? id : last), after)
  }
}
