import type { Database } from '../schema.ts'
import { retried } from '../transaction.ts'
import type { EventRow } from './events.ts'
import { EVENT } from './events.ts'

/** An event that one process has to itself until `claimedUntil`. Times in milliseconds since the epoch. */
export interface Delivery extends EventRow {
  readonly attempts: number
  readonly refusals: number
  readonly claimedUntil: number
}

interface DeliveryClaim {
  readonly now: number
  readonly claimedUntil: number
  /** Rows */
  readonly limit: number
}

/**
 * Events that may be sent now: of each session the first that is undelivered, and nobody else is at it. A process that
 * dies leaves them to the others when the time of its claim is over.
 */
export async function claimDeliveries(db: Database, claim: DeliveryClaim): Promise<Delivery[]> {
  // It writes, and most of the time there is nothing to do.
  if ((await due(db, claim).execute()).length === 0) return []
  const update = db
    .updateTable('events')
    .set((eb) => ({ deliver_at: claim.claimedUntil, attempts: eb('attempts', '+', 1) }))
    .where('position', 'in', due(db, claim))
    // Once more: whoever waited for another process to claim the row finds it claimed.
    .where('deliver_at', '<=', claim.now)
    .returning(EVENT)
    .returning(['attempts', 'refusals'])
  const rows = await retried(db, () => update.execute())
  return rows.map((row) => ({ ...row, claimedUntil: claim.claimedUntil }))
}

/**
 * A clock that was ahead has postponed them to a time that is far away since it was set right.
 *
 * @param latest no other would be postponed further, milliseconds since the epoch
 */
export async function recallDeliveries(db: Database, now: number, latest: number): Promise<void> {
  // It writes, and nearly always there is nothing to do.
  const first = db.selectFrom('events').select('position').where('deliver_at', '>', latest).limit(1)
  if ((await first.execute()).length === 0) return
  const update = db.updateTable('events').set({ deliver_at: now }).where('deliver_at', '>', latest)
  await retried(db, () => update.execute())
}

const due = (db: Database, { now, limit }: DeliveryClaim) =>
  db
    .selectFrom('events as due')
    .select('due.position')
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

/** It was delivered, whoever has claimed it meanwhile, or is given up: it is never sent again. */
export async function endDelivery(db: Database, { position }: Delivery): Promise<void> {
  await db.updateTable('events').set({ deliver_at: null }).where('position', '=', position).execute()
}

/** Later once more, and what waits for it not before: unless somebody else has claimed it since. */
export async function postponeDelivery(db: Database, delivery: Delivery, until: number): Promise<void> {
  const { position, sessionId, refusals, claimedUntil } = delivery
  await db
    .updateTable('events')
    .set({ deliver_at: until, refusals })
    .where('position', '=', position)
    .where('deliver_at', '=', claimedUntil)
    .execute()
  if (sessionId === null) return
  // They would be looked at in vain with every claim.
  const followers = db
    .updateTable('events')
    .set({ deliver_at: until })
    .where('session_id', '=', sessionId)
    .where('position', '>', position)
    .where('deliver_at', '<', until)
  await retried(db, () => followers.execute())
}
