import type { Database } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import type { LimitContext } from './count.ts'
import type { LimitRefusal, Policy } from './refusal.ts'
import { RefusedKeys } from './refusal.ts'

/** A counter that an attempt must pass. */
export interface Counter {
  readonly policy: Policy
  /** The counter's key in the table */
  readonly key: string
  /** Counts an attempt. @returns when the next one may succeed, if this one is refused */
  take(db: Database): Promise<number | undefined>
  /** Takes back an attempt that succeeded or was undone. */
  giveBack(db: Database, how: 'undone' | 'succeeded'): Promise<unknown>
}

/** An allowed attempt. Neither method is called if it fails. */
export interface Attempt {
  /** The attempt was not decided, for example because the service was too busy. */
  undone(): Promise<void>
  succeeded(): Promise<void>
}

class Refused extends Error {
  readonly counter: Counter
  readonly until: number

  constructor(counter: Counter, until: number) {
    super(counter.policy.name)
    this.counter = counter
    this.until = until
  }
}

/** Allows an attempt if all its counters do. */
export class Guesses {
  readonly #context: LimitContext
  readonly #refused = new RefusedKeys()

  constructor(context: LimitContext) {
    this.#context = context
  }

  /**
   * Counts an attempt before its password is checked, so that concurrent attempts cannot exceed the limit. It is counted
   * by all counters or by none, so that a refusal by one costs nothing at the others.
   *
   * @param counters in the same order everywhere, because their rows are locked
   */
  async begin(counters: readonly Counter[]): Promise<Attempt | LimitRefusal> {
    const now = this.#context.now()
    for (const { key } of counters) {
      const refusal = this.#refused.find(key, now)
      if (refusal !== undefined) return refusal
    }
    try {
      await this.#transaction(counters, async (counter, trx) => {
        const until = await counter.take(trx)
        if (until !== undefined) throw new Refused(counter, until)
      })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return this.#refused.add(error.counter.key, error.counter.policy, error.until, now)
    }
    const end = (how: 'undone' | 'succeeded') => {
      for (const { key } of counters) this.#refused.delete(key)
      return this.#transaction(counters, (counter, trx) => counter.giveBack(trx, how))
    }
    return { undone: () => end('undone'), succeeded: () => end('succeeded') }
  }

  async #transaction(
    counters: readonly Counter[],
    work: (counter: Counter, trx: Database) => Promise<unknown>,
  ): Promise<void> {
    if (counters.length === 0) return
    await transaction(this.#context.db, async (trx) => {
      for (const counter of counters) await work(counter, trx)
    })
  }
}
