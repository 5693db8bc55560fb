import { CLOCK_SKEW } from '../clock.ts'
import type { LimitContext } from './count.ts'
import { count } from './count.ts'
import type { LimitRefusal, Policy } from './refusal.ts'
import { Slots } from './slots.ts'

/** The requests that this process may allow for a key without asking the table */
interface Share {
  left: number
  /** The end of the window in the table, milliseconds since the epoch */
  until: number
  /** Whether the limit is used up for this window */
  isEmpty: boolean
  isReported: boolean
  asking: Promise<void> | undefined
}

// Keys. If one is forgotten, the table is asked again.
const MAX_REMEMBERED = 50_000

// Milliseconds until the next try when the table cannot be read
const RETRY_DELAY = 1000

/**
 * A limit that all processes share, without a statement for most requests. Each process allows a tenth of the limit
 * without asking the table. Beyond that, it takes a tenth at a time from the table. So a key gets its whole limit, and at
 * most a tenth more per process. Once the limit is used up, the table is not asked again in that window.
 */
export class ChunkedLimit {
  readonly #policy: Policy
  readonly #context: LimitContext
  readonly #chunk: number
  readonly #freeShare: number
  readonly #slots: Slots
  /** Milliseconds */
  readonly #window: number
  readonly #shares = new Map<string, Share>()

  constructor(policy: Policy, context: LimitContext) {
    this.#policy = policy
    this.#context = context
    this.#chunk = Math.max(1, Math.floor(policy.points / 10))
    this.#freeShare = Math.min(Math.floor(policy.points / 10), 254)
    this.#window = policy.seconds * 1000
    this.#slots = new Slots(this.#window)
  }

  /** Counts a request. Never fails: while the table cannot be read, there is no limit. */
  allow(key: string): boolean | Promise<boolean> {
    const now = this.#context.now()
    const share = this.#shares.get(key)
    if (share !== undefined && (this.#lasts(share, now) || share.asking !== undefined))
      return this.#take(key, share)
    if (share !== undefined) this.#shares.delete(key)
    return this.#slots.count(key, now) <= this.#freeShare || this.#take(key, this.#open(key))
  }

  /** Whether the key's limit is used up, as far as this process knows */
  isUsedUp(key: string): boolean {
    return this.#shares.get(key)?.isEmpty === true
  }

  /** @returns the refusal of a key that was just refused */
  refusal(key: string): LimitRefusal {
    const share = this.#shares.get(key)
    const isFirst = share?.isReported === false
    if (share !== undefined) share.isReported = true
    const until = share?.until ?? this.#context.now() + this.#window
    return { policy: this.#policy, until, isFirst }
  }

  // A share that would last longer than a window is from before the clock was set back.
  #lasts({ until }: Share, now: number): boolean {
    return until > now && until <= now + this.#window + CLOCK_SKEW
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
      const { points, expiresAt } = await count(this.#context, this.#policy, key, this.#chunk)
      const excess = Math.max(0, points - this.#policy.points)
      share.left = Math.max(0, this.#chunk - excess)
      share.isEmpty = points >= this.#policy.points
      share.until = expiresAt
    } catch {
      // The request itself needs the database and will report the error.
      share.left = this.#chunk
      share.until = this.#context.now() + RETRY_DELAY
    }
  }
}
