import type { Lane } from '../event-names.ts'
import type { Database } from '../schema.ts'
import { retried } from '../transaction.ts'
import type { EventRow } from './events.ts'
import { EVENT } from './events.ts'

/** An event that only one process may deliver until `claimedUntil`. Times are in milliseconds since the epoch. */
export interface Delivery extends EventRow {
  readonly attempts: number
  readonly refusals: number
  readonly claimedUntil: number
}

interface DeliveryClaim {
  readonly lane: Lane
  readonly now: number
  readonly claimedUntil: number
  /** Rows */
  readonly limit: number
}

/**
 * Claims events of a lane that are due and not claimed by another process: of each session only the first undelivered one. If the
 * process dies, its claims expire and other processes deliver the events.
 */
export async function claimDeliveries(db: Database, claim: DeliveryClaim): Promise<Delivery[]> {
  // This read avoids a write when there is nothing to do, which is most of the time.
  if ((await due(db, claim).execute()).length === 0) return []
  const update = db
    .updateTable('events')
    .set((eb) => ({ deliver_at: claim.claimedUntil, attempts: eb('attempts', '+', 1) }))
    .where('position', 'in', due(db, claim))
    // Checked again, because another process may have claimed the row while this statement waited for its lock.
    .where('deliver_at', '<=', claim.now)
    .returning(EVENT)
    .returning(['attempts', 'refusals'])
  const rows = await retried(db, () => update.execute())
  return rows.map((row) => ({ ...row, claimedUntil: claim.claimedUntil }))
}

/**
 * Makes events due that were postponed by a wrong clock, which has since been set back.
 *
 * @param now milliseconds since the epoch
 * @param latest milliseconds since the epoch: correct clocks never postpone further
 */
export async function recallDeliveries(db: Database, now: number, latest: number): Promise<void> {
  // This read avoids a write when there is nothing to do, which is nearly always.
  const first = db.selectFrom('events').select('position').where('deliver_at', '>', latest).limit(1)
  if ((await first.execute()).length === 0) return
  const update = db.updateTable('events').set({ deliver_at: now }).where('deliver_at', '>', latest)
  await retried(db, () => update.execute())
}

const due = (db: Database, { lane, now, limit }: DeliveryClaim) =>
  db
    .selectFrom('events as due')
    .select('due.position')
    .where('due.lane', '=', lane)
    .where('due.deliver_at', '<=', now)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('events as earlier')
            .select('earlier.position')
            .whereRef('earlier.session_id', '=', 'due.session_id')
            .whereRef('earlier.position', '<', 'due.position')
            .where('earlier.deliver_at', 'is not', null),
        ),
      ),
    )
    .orderBy('due.deliver_at')
    .orderBy('due.position')
    .limit(limit)

/** Marks an event as delivered or given up, even if another process has claimed it since. It is never sent again. */
export async function endDelivery(db: Database, { position }: Delivery): Promise<void> {
  await db.updateTable('events').set({ deliver_at: null }).where('position', '=', position).execute()
}

/** Postpones an event and the later events of its session, unless another process has claimed it since. */
export async function postponeDelivery(db: Database, delivery: Delivery, until: number): Promise<void> {
  const { position, sessionId, refusals, claimedUntil } = delivery
  await db
    .updateTable('events')
    .set({ deliver_at: until, refusals })
    .where('position', '=', position)
    .where('deliver_at', '=', claimedUntil)
    .execute()
  if (sessionId === null) return
  // Otherwise each claim would read these rows, although they must wait.
  const followers = db
    .updateTable('events')
    .set({ deliver_at: until })
    .where('session_id', '=', sessionId)
    .where('position', '>', position)
    .where('deliver_at', '<', until)
  await retried(db, () => followers.execute())
}
