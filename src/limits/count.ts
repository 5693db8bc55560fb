import { CLOCK_SKEW } from '../clock.ts'
import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { Policy } from './refusal.ts'

/** The dependencies of the limits. */
export interface LimitContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
}

/** The key of a policy's counter in the table */
export const keyOf = (policy: Policy, subject: string): string => `${policy.name}:${subject}`

/**
 * Adds to a counter that all processes share. The counter starts again when the window of its policy is over.
 *
 * @param points negative to give points back
 * @param db the transaction to write in
 * @returns the counter after the addition
 */
export function count(
  { db: ownDb, now }: LimitContext,
  policy: Policy,
  subject: string,
  points: number,
  db: Database = ownDb,
): Promise<Count> {
  const time = now()
  const expiresAt = time + policy.seconds * 1000
  return addPoints(db, {
    key: keyOf(policy, subject),
    points,
    now: time,
    expiresAt,
    latest: expiresAt + CLOCK_SKEW,
  })
}
