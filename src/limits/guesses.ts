import { deletePoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import type { LimitContext } from './count.ts'
import type { LimitRefusal, Policy } from './refusal.ts'
import { RefusedKeys } from './refusal.ts'
import { Undecided } from './undecided.ts'

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

/** An allowed attempt. One of these is called when it is decided. */
export interface Attempt {
  /** The attempt stays counted. */
  failed(): Promise<void>
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

/** A refusal that may not be the last word */
interface Refusal {
  readonly key: string
  /** Whether another attempt was decided meanwhile */
  readonly isOutdated: boolean
  refusal(): LimitRefusal
}

/** Allows an attempt if all its counters do. */
export class Guesses {
  readonly #context: LimitContext
  readonly #refused = new RefusedKeys()
  readonly #undecided = new Undecided()

  constructor(context: LimitContext) {
    this.#context = context
  }

  /**
   * Counts an attempt before its password is checked, so that concurrent attempts cannot exceed the limit. It is counted
   * by all counters or by none, so that a refusal by one costs nothing at the others.
   *
   * A refusal is final only when this process has decided all other attempts at that counter. Until then the attempt
   * waits, because a right password gives its point back.
   *
   * @param counters in the same order everywhere, because their rows are locked
   */
  async begin(counters: readonly Counter[]): Promise<Attempt | LimitRefusal> {
    for (;;) {
      const answer = this.#remembered(counters) ?? (await this.#count(counters))
      if ('undone' in answer) return answer
      if (!answer.isOutdated && !(await this.#undecided.nextDecision(answer.key))) return answer.refusal()
    }
  }

  /** Forgets all failures. @param counters in the same order as elsewhere */
  async forgive(counters: readonly Counter[]): Promise<void> {
    await this.#transaction(counters, ({ key }, trx) => deletePoints(trx, key))
    for (const { key } of counters) this.#refused.delete(key)
  }

  #remembered(counters: readonly Counter[]): Refusal | undefined {
    const now = this.#context.now()
    for (const { key } of counters) {
      const refusal = this.#refused.find(key, now)
      if (refusal !== undefined) return { key, isOutdated: false, refusal: () => refusal }
    }
    return undefined
  }

  async #count(counters: readonly Counter[]): Promise<Attempt | Refusal> {
    const now = this.#context.now()
    // Opened before the transaction: connections may report their commits in another order than they were made.
    const begun = this.#undecided.begin(counters.map(({ key }) => key))
    try {
      await this.#transaction(counters, async (counter, trx) => {
        const until = await counter.take(trx)
        if (until !== undefined) throw new Refused(counter, until)
      })
    } catch (error) {
      const isOutdated = error instanceof Refused && this.#undecided.isOutdated(begun, error.counter.key)
      this.#undecided.end(begun, false)
      if (!(error instanceof Refused)) throw error
      const { key, policy } = error.counter
      return { key, isOutdated, refusal: () => this.#refused.add(key, policy, error.until, now) }
    }
    return this.#attempt(counters, () => this.#undecided.end(begun, true))
  }

  #attempt(counters: readonly Counter[], decided: () => void): Attempt {
    const giveBack = async (how: 'undone' | 'succeeded') => {
      try {
        await this.#transaction(counters, (counter, trx) => counter.giveBack(trx, how))
      } finally {
        decided()
      }
    }
    return {
      failed: async () => decided(),
      undone: () => giveBack('undone'),
      succeeded: () => giveBack('succeeded'),
    }
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
