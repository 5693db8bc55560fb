import type { RateLimiterRes, RateLimiterStoreAbstract } from 'rate-limiter-flexible'
// @ts-expect-error Its types stand under the package's name, which would load the drivers of a dozen databases.
import StoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js'
import type { Count } from '../store/queries/rate-limits.ts'
import { addPoints, deletePoints, findPoints, setPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import type { Policy } from './refusal.ts'

/** What limits work with. */
export interface LimitContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
}

/** Milliseconds that the clocks of two processes may differ by. Beyond it one was wrong, and is set right. */
export const SKEW = 60_000

/** `db` as an option of a call is the transaction that it takes part in. */
interface Options {
  readonly db?: Database
}

// The library's own stores have a connection of their own: on SQLite that would wait for ours, which waits for it.
class StoreLimiter extends (StoreAbstract as typeof RateLimiterStoreAbstract) {
  readonly #context: LimitContext

  constructor({ name, points, seconds }: Policy, context: LimitContext) {
    super({ keyPrefix: name, points, duration: seconds, storeClient: undefined })
    this.#context = context
  }

  async _upsert(key: string, points: number, span: number, isForced: boolean, { db }: Options) {
    const now = this.#context.now()
    const given = { key, points, now, expiresAt: now + span, latest: now + span + SKEW }
    return (isForced ? setPoints : addPoints)(db ?? this.#context.db, given)
  }

  async _get(key: string, { db }: Options) {
    return (await findPoints(db ?? this.#context.db, key, this.#context.now())) ?? null
  }

  _delete(key: string, { db }: Options) {
    return deletePoints(db ?? this.#context.db, key)
  }

  _getRateLimiterRes(_key: string, changed: number, { points, expiresAt }: Count) {
    return {
      consumedPoints: points,
      remainingPoints: Math.max(0, this.points - points),
      msBeforeNext: Math.max(0, expiresAt - this.#context.now()),
      isFirstInDuration: points === changed,
    }
  }
}

/** A limiter of rate-limiter-flexible, in our database and by our clock. */
export const storeLimiter = (policy: Policy, context: LimitContext): RateLimiterStoreAbstract =>
  new StoreLimiter(policy, context)

/** @returns what came of it, refused or not: the library throws a refusal. @throws errors of the database */
export async function consume(
  limiter: RateLimiterStoreAbstract,
  key: string,
  points: number,
  options: Options = {},
): Promise<Pick<RateLimiterRes, 'consumedPoints' | 'msBeforeNext'>> {
  try {
    return await limiter.consume(key, points, options)
  } catch (refused) {
    if (refused instanceof Error) throw refused
    return refused as RateLimiterRes
  }
}
