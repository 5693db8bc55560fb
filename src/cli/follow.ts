import { setTimeout as pause } from 'node:timers/promises'
import type { EventRow } from '../store/queries/events.ts'
import { stopSignal } from './stop-signal.ts'

// Milliseconds
const POLL_INTERVAL = 500
/**
 * PostgreSQL assigns positions before the commit, so that a row with a lower position may appear later. None of our
 * transactions is open for this long: see the timeouts in `src/store/postgres/pool.ts`.
 */
const SETTLE_TIME = 30_000

// Rows
export const PAGE = 500

/**
 * Prints each new event once until SIGINT or SIGTERM, without missing any.
 *
 * @param page reads the next rows after a position
 * @param known the newest existing events. They and older ones are not printed.
 */
export async function follow(
  page: (after: number, limit: number) => Promise<EventRow[]>,
  known: readonly EventRow[],
  print: (event: EventRow) => Promise<void>,
): Promise<void> {
  // The reader of our output may close it.
  const closed = new AbortController()
  process.stdout.on('error', () => closed.abort())
  const signal = AbortSignal.any([stopSignal(), closed.signal])
  // By position: when each event was first seen
  const seen = new Map(known.map(({ position }) => [position, performance.now()]))
  let floor = Math.min(...seen.keys()) - 1
  if (seen.size < PAGE) floor = 0
  while (!signal.aborted) {
    const now = performance.now()
    for (let after = floor, isLast = false; !isLast; ) {
      const events = await page(after, PAGE)
      for (const event of events) {
        if (!seen.has(event.position)) await print(event)
        seen.set(event.position, seen.get(event.position) ?? now)
        after = event.position
      }
      isLast = events.length < PAGE || signal.aborted
    }
    const settled = [...seen].filter(([, at]) => now - at > SETTLE_TIME).map(([position]) => position)
    floor = settled.reduce((highest, position) => Math.max(highest, position), floor)
    for (const position of seen.keys()) if (position <= floor) seen.delete(position)
    await pause(POLL_INTERVAL, undefined, { signal }).catch(() => {})
  }
}
