import { CLOCK_SKEW } from '../clock.ts'
import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints, deletePoints, findPoints, rememberUser, setPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { LimitContext } from './count.ts'
import { count, keyOf } from './count.ts'
import type { Counter } from './guesses.ts'
import { SEEN } from './names.ts'
import type { Policy } from './refusal.ts'

/** The first failures of a key, which cause no delay */
const FREE_FAILURES = 5
/** Milliseconds after the last free failure. Each further failure doubles the delay. */
const FIRST_DELAY = 1000
const MAX_DELAY = 300_000
/** Milliseconds without a failure until all failures are forgotten */
const FORGET_AFTER = 3_600_000

/** @returns milliseconds until the next attempt after this many consecutive failures */
function delayAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0
  return Math.min(FIRST_DELAY * 2 ** (failures - FREE_FAILURES), MAX_DELAY)
}

const DELAY: Policy = { name: 'login-delay', points: FREE_FAILURES, seconds: FORGET_AFTER / 1000 }

/**
 * Delays the next attempt after each failure. The row expires {@link FORGET_AFTER} after the time of the next attempt, so
 * its expiry also stores that time.
 */
export function delay(subject: string, { now }: LimitContext): Counter {
  const key = keyOf(DELAY, subject)
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
      // A later failure has set another expiry, which stays.
      return expiresAt === ownExpiry && setPoints(db, { key, points, expiresAt: at + FORGET_AFTER })
    },
  }
}

/**
 * Allows a number of attempts in a window.
 *
 * @param counts `failures`: a successful attempt is given back
 */
export function counting(
  policy: Policy,
  context: LimitContext,
  counts: 'failures' | 'tries',
): (subject: string) => Counter {
  return (subject) => ({
    policy,
    key: keyOf(policy, subject),
    async take(db) {
      const { points, expiresAt } = await count(context, policy, subject, 1, db)
      return points > policy.points ? expiresAt : undefined
    },
    async giveBack(db, how) {
      if (how === 'undone' || counts === 'failures') await count(context, policy, subject, -1, db)
    },
  })
}

/**
 * Allows a number of successes in a window. Failures do not count, so that strangers cannot use them up. Attempts in
 * flight do not count either, so as many more may succeed.
 */
export function ceiling(policy: Policy, context: LimitContext): (subject: string) => Counter {
  return (subject) => ({
    policy,
    key: keyOf(policy, subject),
    async take(db) {
      const found = await findPoints(db, keyOf(policy, subject), context.now())
      const latest = context.now() + policy.seconds * 1000 + CLOCK_SKEW
      const isFull = found !== undefined && found.points >= policy.points && found.expiresAt <= latest
      return isFull ? found.expiresAt : undefined
    },
    async giveBack(db, how) {
      if (how === 'succeeded') await count(context, policy, subject, 1, db)
    },
  })
}

/** Remembers successes and refuses nothing. */
export interface Seen {
  has(subject: string): Promise<boolean>
  /** @param account the case-folded username. The row goes with its user. */
  counter(subject: string, account: string): Counter
}

// Seconds after the end of the longest session, so that a user on holiday is still known
const THIRTY_DAYS = 2_592_000

/** @param sessionMaxAge milliseconds. Some users log in only when their session ends, so successes are kept for longer. */
export function seen(sessionMaxAge: number, context: LimitContext): Seen {
  const policy = { name: SEEN, points: 1, seconds: sessionMaxAge / 1000 + THIRTY_DAYS }
  return {
    has: async (subject) =>
      (await findPoints(context.db, keyOf(policy, subject), context.now())) !== undefined,
    counter: (subject, account) => ({
      policy,
      key: keyOf(policy, subject),
      take: async () => undefined,
      async giveBack(db, how) {
        if (how !== 'succeeded') return
        const expiresAt = context.now() + policy.seconds * 1000
        await rememberUser(db, { key: keyOf(policy, subject), expiresAt, usernameKey: account })
      },
    }),
  }
}
