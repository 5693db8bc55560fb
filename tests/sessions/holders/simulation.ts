/** A simulation in virtual time: events in their order, and the real functions of `src/sessions` as the service. */
import { refresh } from '../../../src/sessions/refresh.ts'
import type { Origin } from '../../../src/store/queries/events.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import type { StoreContext } from '../../support/session-context.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** Networks are by their /24. */
export const callerAt = (network: number, userAgent = 'A browser'): Origin => ({
  address: `192.0.${network}.7`,
  userAgent,
  requestId: null,
})

const GRANTED = ['rotated', 'replayed', 'late', 'refreshed']

export interface Simulation {
  readonly random: () => number
  /** A number between the two */
  readonly between: (from: number, to: number) => number
  readonly now: () => number
  /** Runs something later. @param after milliseconds */
  readonly later: (after: number, event: () => void | Promise<void>) => void
  /** Presents a token to the service now. @returns the outcome, and the successor if there is one */
  readonly present: (token: string, caller: Origin) => Promise<Presentation>
  /** Runs all events. */
  readonly run: () => Promise<void>
}

export interface Presentation {
  readonly outcome: string
  readonly successor: string | undefined
}

export function simulation(context: StoreContext, seed: number): Simulation {
  const random = seededRandom(seed)
  const begun = context.clock.now
  const queue: { readonly at: number; readonly event: () => void | Promise<void> }[] = []
  let time = begun
  return {
    random,
    between: (from, to) => from + random() * (to - from),
    now: () => time,
    later(after, event) {
      const at = time + after
      const place = queue.findIndex((other) => other.at > at)
      queue.splice(place < 0 ? queue.length : place, 0, { at, event })
    },
    async present(token, caller) {
      context.clock.now = Math.floor(time)
      const result = await refresh(context, token, () => caller)
      const successor = 'refreshToken' in result ? result.refreshToken : undefined
      if (GRANTED.includes(result.outcome) !== (successor !== undefined)) throw new TypeError(result.outcome)
      return { outcome: result.outcome, successor }
    },
    async run() {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        time = next.at
        await next.event()
      }
      context.clock.now = Math.floor(time) + 1
    },
  }
}
