import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible'
import type { LimitRefusal, Policy } from './refusal.ts'
import { Slots } from './slots.ts'
import type { LimitContext } from './store-limiter.ts'
import { consume, SKEW, storeLimiter } from './store-limiter.ts'

/** What this process may still let through of a key, before it has to ask the table again. */
interface Share {
  left: number
  /** Of the window in the table, milliseconds since the epoch */
  until: number
  /** Whether the table has no more for this window */
  isEmpty: boolean
  isReported: boolean
  asking: Promise<void> | undefined
}

// Whoever is forgotten is asked for again.
const MAX_REMEMBERED = 50_000

// Milliseconds, when the table cannot be asked
const ASK_AGAIN = 1000

/**
 * A limit that all processes share and that costs most requests no statement: a tenth of it passes in each process
 * without asking, and beyond that the process takes a tenth at a time from the table. So a key gets its whole limit,
 * and at most a tenth of it more for each process. Once the table has no more, it is not asked again in that window.
 */
export class ChunkedLimit {
  readonly #policy: Policy
  readonly #context: LimitContext
  readonly #limiter: RateLimiterStoreAbstract
  readonly #chunk: number
  readonly #unasked: number
  readonly #slots: Slots
  /** Milliseconds */
  readonly #window: number
  readonly #shares = new Map<string, Share>()

  constructor(policy: Policy, context: LimitContext) {
    this.#policy = policy
    this.#context = context
    this.#limiter = storeLimiter(policy, context)
    this.#chunk = Math.max(1, Math.floor(policy.points / 10))
    this.#unasked = Math.min(Math.floor(policy.points / 10), 254)
    this.#window = policy.seconds * 1000
    this.#slots = new Slots(this.#window)
  }

  /** Counts one. @returns at once when the table need not be asked. It never fails: without a table there is no limit. */
  allow(key: string): boolean | Promise<boolean> {
    const now = this.#context.now()
    const share = this.#shares.get(key)
    if (share !== undefined && (this.#lasts(share, now) || share.asking !== undefined))
      return this.#take(key, share)
    if (share !== undefined) this.#shares.delete(key)
    return this.#slots.count(key, now) <= this.#unasked || this.#take(key, this.#open(key))
  }

  /** Of a key that was just not admitted. */
  refusal(key: string): LimitRefusal {
    const share = this.#shares.get(key)
    const isNews = share?.isReported === false
    if (share !== undefined) share.isReported = true
    const until = share?.until ?? this.#context.now() + this.#window
    return { policy: this.#policy, until, isFirst: isNews }
  }

  // No share lasts longer than a window, unless the clock was set back since.
  #lasts({ until }: Share, now: number): boolean {
    return until > now && until <= now + this.#window + SKEW
  }

  #open(key: string): Share {
    const share = { left: 0, until: 0, isEmpty: false, isReported: false, asking: undefined }
    const [oldest] = this.#shares.keys()
    if (oldest !== undefined && this.#shares.size >= MAX_REMEMBERED) this.#shares.delete(oldest)
    this.#shares.set(key, share)
    return share
  }

  #take(key: string, share: Share): boolean | Promise<boolean> {
    if (share.left > 0) {
      share.left--
      return true
    }
    if (share.isEmpty) return false
    share.asking ??= this.#ask(key, share).finally(() => {
      share.asking = undefined
    })
    return share.asking.then(() => this.#take(key, share))
  }

  async #ask(key: string, share: Share): Promise<void> {
    try {
      const { consumedPoints, msBeforeNext } = await consume(this.#limiter, key, this.#chunk)
      const excess = Math.max(0, consumedPoints - this.#policy.points)
      share.left = Math.max(0, this.#chunk - excess)
      share.isEmpty = consumedPoints >= this.#policy.points
      share.until = this.#context.now() + msBeforeNext
    } catch {
      // Whoever comes needs the database as well, and will say what is wrong with it.
      share.left = this.#chunk
      share.until = this.#context.now() + ASK_AGAIN
    }
  }
}
