import type { EventRow } from '../store/queries/events.ts'

// Milliseconds
const POLL = 500
/**
 * PostgreSQL gives out positions in one order and shows rows in another: for so long a row may still come with a lower
 * one. No transaction of ours stays open that long, see the timeouts in `store/postgres-pool.ts`.
 */
const SETTLED = 30_000

export const PAGE = 500

/**
 * Each event once, and none missed, until SIGINT or SIGTERM.
 *
 * @param page the next rows behind a position
 * @param known the newest ones, as they are now: they are not printed, and nothing before them is asked for
 */
export async function follow(
  page: (after: number, limit: number) => Promise<EventRow[]>,
  known: readonly EventRow[],
  print: (event: EventRow) => void,
): Promise<void> {
  const stop = stopSignal()
  // Printed, and when
  const seen = new Map(known.map(({ position }) => [position, performance.now()]))
  let floor = Math.min(...seen.keys()) - 1
  if (seen.size < PAGE) floor = 0
  while (!stop.isStopped()) {
    const now = performance.now()
    for (let after = floor, isLast = false; !isLast; ) {
      const events = await page(after, PAGE)
      for (const event of events) {
        if (!seen.has(event.position)) print(event)
        seen.set(event.position, seen.get(event.position) ?? now)
        after = event.position
      }
      isLast = events.length < PAGE || stop.isStopped()
    }
    const settled = [...seen].filter(([, at]) => now - at > SETTLED).map(([position]) => position)
    floor = settled.reduce((highest, position) => Math.max(highest, position), floor)
    for (const position of seen.keys()) if (position <= floor) seen.delete(position)
    await stop.within(POLL)
  }
}

function stopSignal() {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isStopped = false
  const stop = () => {
    // The next one ends the process at once.
    process.off('SIGTERM', stop).off('SIGINT', stop)
    isStopped = true
    resolve()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
  // Whoever reads our output has gone.
  process.stdout.on('error', stop)
  return {
    isStopped: () => isStopped,
    async within(milliseconds: number): Promise<void> {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        promise,
        new Promise((done) => {
          timer = setTimeout(done, milliseconds)
        }),
      ])
      clearTimeout(timer)
    },
  }
}
