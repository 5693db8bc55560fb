import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints, deletePoints, findPoints, setPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { LimitContext } from './count.ts'
import { CLOCK_SKEW, count, keyOf } from './count.ts'
import type { Counter } from './guesses.ts'
import type { Policy } from './refusal.ts'

/** The first failures of a key do not delay anything. */
const FREE_FAILURES = 5
/** Milliseconds after the last of them; each further failure doubles the delay. */
const FIRST_DELAY = 1000
const MAX_DELAY = 300_000
/** Milliseconds without a failure after which all failures are forgotten */
const FORGET_AFTER = 3_600_000

/** @returns milliseconds until the next attempt, after so many failures in a row */
function delayAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0
  return Math.min(FIRST_DELAY * 2 ** (failures - FREE_FAILURES), MAX_DELAY)
}

const DELAY: Policy = { name: 'login-delay', points: FREE_FAILURES, seconds: FORGET_AFTER / 1000 }

/**
 * Makes each failure delay the next attempt. The row's expiry tells when the next attempt may come: {@link FORGET_AFTER}
 * before it.
 */
export function delay(whom: string, { now }: LimitContext): Counter {
  const key = keyOf(DELAY, whom)
  let ownExpiry = 0
  function add(db: Database, points: number, at: number): Promise<Count> {
    const expiresAt = at + FORGET_AFTER
    return addPoints(db, { key, points, now: at, expiresAt, latest: expiresAt + MAX_DELAY + CLOCK_SKEW })
  }
  return {
    policy: DELAY,
    key,
    async take(db) {
      const at = now()
      const { points, expiresAt } = await add(db, 1, at)
      const next = expiresAt - FORGET_AFTER
      if (next > at) return next
      ownExpiry = at + delayAfter(points) + FORGET_AFTER
      await setPoints(db, { key, points, expiresAt: ownExpiry })
      return undefined
    },
    async giveBack(db, how) {
      if (how === 'succeeded') return deletePoints(db, key)
      const at = now()
      const { points, expiresAt } = await add(db, -1, at)
      // A failure that came since has set another expiry, and still counts.
      return expiresAt === ownExpiry && setPoints(db, { key, points, expiresAt: at + FORGET_AFTER })
    },
  }
}

/**
 * So many in so much time.
 *
 * @param counts `failures`: an attempt that succeeds is given back
 */
export function counting(
  policy: Policy,
  context: LimitContext,
  counts: 'failures' | 'tries',
): (whom: string) => Counter {
  return (whom) => ({
    policy,
    key: keyOf(policy, whom),
    async take(db) {
      const { points, expiresAt } = await count(context, policy, whom, 1, db)
      return points > policy.points ? expiresAt : undefined
    },
    async giveBack(db, how) {
      if (how === 'undone' || counts === 'failures') await count(context, policy, whom, -1, db)
    },
  })
}

/** Remembers who has succeeded. It refuses nobody. */
export interface Seen {
  has(whom: string): Promise<boolean>
  counter(whom: string): Counter
}

// Seconds beyond the longest session: a user on holiday is still known.
const THIRTY_DAYS = 2_592_000

/** @param sessionMaxAge milliseconds: a user who logs in only when a session ends is still known */
export function seen(sessionMaxAge: number, context: LimitContext): Seen {
  const policy = { name: 'login-seen', points: 1, seconds: sessionMaxAge / 1000 + THIRTY_DAYS }
  return {
    has: async (whom) => (await findPoints(context.db, keyOf(policy, whom), context.now())) !== undefined,
    counter: (whom) => ({
      policy,
      key: keyOf(policy, whom),
      take: async () => undefined,
      async giveBack(db, how) {
        if (how !== 'succeeded') return
        const expiresAt = context.now() + policy.seconds * 1000
        await setPoints(db, { key: keyOf(policy, whom), points: 1, expiresAt })
      },
    }),
  }
}
