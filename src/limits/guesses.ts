import type { Database } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import type { LimitContext } from './count.ts'
import type { LimitRefusal, Policy } from './refusal.ts'
import { RefusedKeys } from './refusal.ts'

/** One of the counters that a try has to pass. */
export interface Counter {
  readonly policy: Policy
  /** The counter's, in the table */
  readonly key: string
  /** Counts the try. @returns when the next one may succeed, if this one is too many */
  take(db: Database): Promise<number | undefined>
  /** For a try that was none, or was right */
  giveBack(db: Database, how: 'undone' | 'succeeded'): Promise<unknown>
}

/** A try that has been let through. Neither is called for one that failed. */
export interface Attempt {
  /** It came to nothing, for reasons of ours. */
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

/** Lets tries through as long as all of their counters do. */
export class Guesses {
  readonly #context: LimitContext
  readonly #refused = new RefusedKeys()

  constructor(context: LimitContext) {
    this.#context = context
  }

  /**
   * Counted before anything is checked, so that of many at once no more than the limit come through; and counted by all
   * or by none, so that what one counter refuses costs nothing at the others. The order is the same for all: they lock.
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
