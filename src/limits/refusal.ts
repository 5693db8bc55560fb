/** A limit: so many in so much time. */
export interface Policy {
  /** Stands in headers, logs and keys */
  readonly name: string
  readonly points: number
  readonly seconds: number
}

export interface LimitRefusal {
  readonly policy: Policy
  /** When the next try may succeed: milliseconds since the epoch */
  readonly until: number
  /** Whether it is the first of its key until then, as far as this process knows */
  readonly isFirst: boolean
}

interface Remembered {
  readonly policy: Policy
  readonly until: number
  readonly askAt: number
}

const MAX_REMEMBERED = 10_000

// Milliseconds. Not until the end: somebody whose password was right may have given a point back.
const ASK_AGAIN = 1000

/** What was refused a moment ago is refused again without writing, so that refusals cost the database little. */
export class RefusedKeys {
  readonly #keys = new Map<string, Remembered>()

  find(key: string, now: number): LimitRefusal | undefined {
    const found = this.#keys.get(key)
    if (found === undefined || found.until <= now || found.askAt <= now) return undefined
    // The clock was set back.
    if (found.askAt > now + ASK_AGAIN) {
      this.delete(key)
      return undefined
    }
    return { policy: found.policy, until: found.until, isFirst: false }
  }

  add(key: string, policy: Policy, until: number, now: number): LimitRefusal {
    const isNews = (this.#keys.get(key)?.until ?? 0) <= now
    this.delete(key)
    const [oldest] = this.#keys.keys()
    if (oldest !== undefined && this.#keys.size >= MAX_REMEMBERED) this.delete(oldest)
    this.#keys.set(key, { policy, until, askAt: now + ASK_AGAIN })
    return { policy, until, isFirst: isNews }
  }

  delete(key: string): void {
    this.#keys.delete(key)
  }
}
