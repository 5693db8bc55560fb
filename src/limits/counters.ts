import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints, deletePoints, setPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { Counter } from './guesses.ts'
import type { Policy } from './refusal.ts'
import type { LimitContext } from './store-limiter.ts'
import { consume, SKEW, storeLimiter } from './store-limiter.ts'

/** Failures of a key are free up to here, */
const FREE_FAILURES = 5
/** then each makes the next try wait twice as long, in milliseconds, */
const FIRST_DELAY = 1000
const MAX_DELAY = 300_000
/** and after so long without a failure all are forgotten. */
const FORGET_AFTER = 3_600_000

/** @returns milliseconds until the next try, after so many failures in a row */
function delayAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0
  return Math.min(FIRST_DELAY * 2 ** (failures - FREE_FAILURES), MAX_DELAY)
}

const DELAY: Policy = { name: 'login-delay', points: FREE_FAILURES, seconds: FORGET_AFTER / 1000 }

/** Makes who fails wait. The row's expiry says when the next try may come: {@link FORGET_AFTER} before. */
export function delay(whom: string, { now }: LimitContext): Counter {
  const key = `${DELAY.name}:${whom}`
  let mine = 0
  function add(db: Database, points: number, at: number): Promise<Count> {
    const expiresAt = at + FORGET_AFTER
    return addPoints(db, { key, points, now: at, expiresAt, latest: expiresAt + MAX_DELAY + SKEW })
  }
  return {
    policy: DELAY,
    key,
    async take(db) {
      const at = now()
      const { points, expiresAt } = await add(db, 1, at)
      const next = expiresAt - FORGET_AFTER
      if (next > at) return next
      mine = at + delayAfter(points) + FORGET_AFTER
      await setPoints(db, { key, points, expiresAt: mine })
      return undefined
    },
    async giveBack(db, how) {
      if (how === 'succeeded') return deletePoints(db, key)
      const at = now()
      const { points, expiresAt } = await add(db, -1, at)
      // What others have failed by since counts on.
      return expiresAt === mine && setPoints(db, { key, points, expiresAt: at + FORGET_AFTER })
    },
  }
}

/** So many failures in so much time; or so many tries, when successes count as well. */
export function counting(
  policy: Policy,
  context: LimitContext,
  counts: 'failures' | 'tries',
): (whom: string) => Counter {
  const limiter = storeLimiter(policy, context)
  return (whom) => ({
    policy,
    key: limiter.getKey(whom),
    async take(db) {
      const { consumedPoints, msBeforeNext } = await consume(limiter, whom, 1, { db })
      return consumedPoints > policy.points ? context.now() + msBeforeNext : undefined
    },
    async giveBack(db, how) {
      if (how === 'undone' || counts === 'failures') await limiter.reward(whom, 1, { db })
    },
  })
}

/** Remembers who succeeded. It refuses nobody. */
export interface Seen {
  has(whom: string): Promise<boolean>
  counter(whom: string): Counter
}

// Thirty days, in seconds
const HOLIDAYS = 2_592_000

/** @param sessionMaxAge milliseconds: whoever logs in no more often than they have to is known all the same */
export function seen(sessionMaxAge: number, context: LimitContext): Seen {
  const policy = { name: 'login-seen', points: 1, seconds: sessionMaxAge / 1000 + HOLIDAYS }
  const limiter = storeLimiter(policy, context)
  return {
    has: async (whom) => (await limiter.get(whom)) !== null,
    counter: (whom) => ({
      policy,
      key: limiter.getKey(whom),
      take: async () => undefined,
      async giveBack(db, how) {
        if (how === 'succeeded') await limiter.set(whom, 1, policy.seconds, { db })
      },
    }),
  }
}
