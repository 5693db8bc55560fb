import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { Policy } from './refusal.ts'

/** What limits work with. */
export interface LimitContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
}

/** Milliseconds that the clocks of two processes may differ by. If they differ by more, one was wrong and is set right. */
export const CLOCK_SKEW = 60_000

/** The key of a policy's counter in the table */
export const keyOf = (policy: Policy, whom: string): string => `${policy.name}:${whom}`

/**
 * Adds to a counter that all processes share, and that begins anew when the time of its policy is over.
 *
 * @param points negative: some are given back
 * @param db a transaction that it takes part in
 * @returns the counter with this addition
 */
export function count(
  { db: ownDb, now }: LimitContext,
  policy: Policy,
  whom: string,
  points: number,
  db: Database = ownDb,
): Promise<Count> {
  const time = now()
  const expiresAt = time + policy.seconds * 1000
  return addPoints(db, {
    key: keyOf(policy, whom),
    points,
    now: time,
    expiresAt,
    latest: expiresAt + CLOCK_SKEW,
  })
}
