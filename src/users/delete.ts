import type { Settings } from '../config/settings.ts'
import { inSlices } from '../slices.ts'
import { beginDeletion, deleteEventsOf, deleteSomeRows, hasManyRows } from '../store/queries/deleted-users.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { deleteUser } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import { isPostgres } from '../store/schema.ts'

/** The dependencies of {@link deleteAccount}. */
export interface DeletionContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: Pick<Settings, 'keepEventsOfDeleted'>
  /** Whether there is a webhook, which undelivered events have to reach */
  readonly hasWebhook: boolean
}

// Rows of one statement, so that no refresh waits long
const BATCH = 500

// On SQLite, the pause after each slice is this many times as long as the slice took.
const PAUSE_FACTOR = 3

/**
 * Deletes a user with all sessions, remembered logins and, unless they are kept, events. A user with very many rows is
 * deactivated first and emptied in slices. If that is interrupted, the user stays deactivated, and it can be run again.
 *
 * @returns the events that were written. Undefined when the user does not exist
 */
export async function deleteAccount(
  { db, now, settings, hasWebhook }: DeletionContext,
  id: string,
  origin: Origin,
): Promise<readonly NewEvent[] | undefined> {
  const options = { pauseFactor: isPostgres(db) ? 0 : PAUSE_FACTOR }
  const before = (await hasManyRows(db, id, BATCH)) ? await beginDeletion(db, id, now(), origin) : undefined
  if (before !== undefined) await inSlices(() => deleteSomeRows(db, id, BATCH), options)
  // The address may be the user's, if an application passes it on. The log has it under the request's id.
  const from = settings.keepEventsOfDeleted ? origin : { ...origin, address: null, userAgent: null }
  const events = await deleteUser(db, id, now(), from)
  if (events === undefined) return undefined
  if (!settings.keepEventsOfDeleted) {
    const slice = async () => (await deleteEventsOf(db, [id], hasWebhook, BATCH)).gone > 0
    // The user is deleted. Pruning deletes what is left of the events.
    await inSlices(slice, options).catch(() => {})
  }
  return [...(before ?? []), ...events]
}
