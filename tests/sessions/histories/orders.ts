/** All possible orders of the steps of some requests. */
import { Model } from '../model.ts'
import type { Flight } from './flight.ts'
import type { Answer, Steps, Texts } from './words.ts'

export type Foretold = readonly (Answer | undefined)[]

/** A request with a single step has no steps to interleave. */
export type Foretelling = Steps | Answer | undefined

type Next = () => IteratorResult<undefined, Answer | undefined>

const stepsOf = (foretelling: Foretelling): Next =>
  foretelling !== undefined && 'next' in foretelling
    ? () => foretelling.next()
    : () => ({ done: true, value: foretelling })

/** Runs one step after the other. */
export function finish(foretelling: Foretelling): Answer | undefined {
  const next = stepsOf(foretelling)
  for (;;) {
    const { done, value } = next()
    if (done === true) return value
  }
}

export interface Copy {
  readonly model: Model
  readonly texts: Texts
}

/** A copy with its own objects. The rules are shared, because the world uses them. */
export function copyOf({ now, rules, ...given }: Model, givenTexts: Texts): Copy {
  const { users, sessions, refreshTokens, accessTokens } = given
  const { texts, ...state } = structuredClone({
    ...{ users, sessions, refreshTokens, accessTokens },
    texts: givenTexts,
  })
  return { model: Object.assign(new Model(now, rules), state), texts }
}

/**
 * Goes through the orders, each in its own copy.
 *
 * @param holds whether an order explains the responses: gets the copy after it, and its predictions
 * @returns the first such order
 */
export function someOrder(
  flights: readonly Flight[],
  copy: () => Copy,
  holds: (copy: Copy, foretold: Foretold) => boolean,
): { readonly copy: Copy; readonly foretold: Foretold } | undefined {
  const tryFrom = (order: readonly number[]): ReturnType<typeof someOrder> => {
    const begun = copy()
    const foretold: (Answer | undefined)[] = []
    const open = new Set(flights.keys())
    const steps = new Map<number, Next>()
    for (const index of order) {
      const next = steps.get(index) ?? stepsOf(flights[index]?.foretell(begun.model))
      steps.set(index, next)
      const { done, value } = next()
      if (done !== true) continue
      foretold[index] = value
      open.delete(index)
    }
    if (open.size === 0) return holds(begun, foretold) ? { copy: begun, foretold } : undefined
    for (const index of open) {
      const found = tryFrom([...order, index])
      if (found !== undefined) return found
    }
    return undefined
  }
  return tryFrom([])
}
