/** A limit: a number of points in a number of seconds. */
export interface Policy {
  /** Used in headers, logs and keys */
  readonly name: string
  readonly points: number
  readonly seconds: number
}

export interface LimitRefusal {
  readonly policy: Policy
  /** When the next attempt may succeed, in milliseconds since the epoch */
  readonly until: number
  /** Whether it is the key's first refusal until then, as far as this process knows */
  readonly isFirst: boolean
}

interface Remembered {
  readonly policy: Policy
  readonly until: number
  readonly forgetAt: number
}

const MAX_REMEMBERED = 10_000

// Milliseconds. Shorter than the refusal, because a correct password at another process may give a point back.
const REMEMBER_FOR = 1000

/** Repeats recent refusals without writing, so that refusals cost the database little. */
export class RefusedKeys {
  readonly #keys = new Map<string, Remembered>()

  find(key: string, now: number): LimitRefusal | undefined {
    const found = this.#keys.get(key)
    if (found === undefined || found.until <= now || found.forgetAt <= now) return undefined
    // The clock was set back.
    if (found.forgetAt > now + REMEMBER_FOR) {
      this.#keys.delete(key)
      return undefined
    }
    return { policy: found.policy, until: found.until, isFirst: false }
  }

  delete(key: string): void {
    this.#keys.delete(key)
  }

  add(key: string, policy: Policy, until: number, now: number): LimitRefusal {
    const isFirst = (this.#keys.get(key)?.until ?? 0) <= now
    this.#keys.delete(key)
    const [oldest] = this.#keys.keys()
    if (oldest !== undefined && this.#keys.size >= MAX_REMEMBERED) this.#keys.delete(oldest)
    this.#keys.set(key, { policy, until, forgetAt: now + REMEMBER_FOR })
    return { policy, until, isFirst }
  }
}
