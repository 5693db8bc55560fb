import { countActive } from '../store/queries/active-sessions.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

// Rows. A slice takes about a millisecond,
const SLICE = 1000
// and everybody else has the database and the event loop for so many times as long before the next one.
const PAUSE_FACTOR = 50
// Milliseconds: a database that is slow for others must not make a count of it that takes hours.
const MAX_PAUSE = 500

// Milliseconds from the end of one count to the next
const FRESH = 60_000

/** Counts living sessions slice by slice. Those that come and go meanwhile are counted or not. */
export async function countSessions(
  context: Pick<SessionContext, 'db' | 'now' | 'settings'>,
  size = SLICE,
): Promise<number> {
  const now = context.now()
  const moment = { now, idleCutoff: idleCutoff(context, now) }
  let count = 0
  let after: string | null = ''
  for (;;) {
    const begun = performance.now()
    const slice = await countActive(context.db, moment, after, size)
    count += slice.active
    after = slice.last
    if (after === null) return count
    const breath = Math.min(PAUSE_FACTOR * (performance.now() - begun), MAX_PAUSE)
    await new Promise((resolve) => setTimeout(resolve, breath))
  }
}

/**
 * @param fresh milliseconds
 * @returns tells the last count without waiting, and has them counted anew when it is no longer fresh. Undefined: not
 * counted yet, or the database could not be read.
 */
export function sessionCounter(
  context: Parameters<typeof countSessions>[0],
  fresh = FRESH,
): () => number | undefined {
  let count: number | undefined
  let due = 0
  return () => {
    if (performance.now() >= due) {
      due = Number.POSITIVE_INFINITY
      countSessions(context)
        .then((counted) => {
          count = counted
        })
        .catch(() => {
          // An old number would look like a good one.
          count = undefined
        })
        .finally(() => {
          due = performance.now() + fresh
        })
    }
    return count
  }
}
