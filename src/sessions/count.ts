import { inSlices } from '../slices.ts'
import { countActive } from '../store/queries/active-sessions.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

// Rows. A slice takes about a millisecond.
const SLICE = 1000
// The pause after each slice is this many times as long as the slice took, to leave the database to other requests.
const PAUSE_FACTOR = 50
// Milliseconds. Without a maximum, a slow database would make the count take hours.
const MAX_PAUSE = 500

// Milliseconds from the end of one count to the next
const MAX_AGE = 60_000

/** Counts active sessions in slices. Sessions that begin or end meanwhile may or may not be counted. */
export async function countSessions(
  context: Pick<SessionContext, 'db' | 'now' | 'settings'>,
  size = SLICE,
): Promise<number> {
  const now = context.now()
  const moment = { now, idleCutoff: idleCutoff(context, now) }
  let count = 0
  let after = ''
  const slice = async () => {
    const { active, last } = await countActive(context.db, moment, after, size)
    count += active
    after = last ?? ''
    return last !== null
  }
  await inSlices(slice, { pauseFactor: PAUSE_FACTOR, maxPause: MAX_PAUSE })
  return count
}

/**
 * Creates a function that returns the last count without waiting, and starts a new count when it is too old.
 *
 * @param maxAge milliseconds
 * @returns a function that returns undefined before the first count and after a failed one
 */
export function sessionCounter(
  context: Parameters<typeof countSessions>[0],
  maxAge = MAX_AGE,
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
          // An outdated count would look valid.
          count = undefined
        })
        .finally(() => {
          due = performance.now() + maxAge
        })
    }
    return count
  }
}
