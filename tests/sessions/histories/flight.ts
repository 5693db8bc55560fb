/** Requests that may be in flight at once: what is sent, and what each order of their steps predicts. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Answer as Reply } from '../../support/service.ts'
import type { Model } from '../model.ts'
import type { Foretelling } from './orders.ts'
import type { AccessToken, Answer, Caller, RefreshToken } from './words.ts'
import type { History } from './world.ts'

interface Call {
  readonly path: string
  readonly method?: string
  readonly bearer?: string | undefined
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export const post = (path: string, bearer: string, by: Caller = 'one'): Call => ({
  ...{ path, method: 'POST', bearer },
  headers: { 'User-Agent': by },
})
export const json = (path: string, body: unknown, bearer?: string): Call => ({
  ...{ path, json: body, bearer },
  headers: { 'User-Agent': 'one' },
})

export interface Flight {
  /** A description for readers of a counterexample */
  readonly what: string
  /** Without a response if the operator does it */
  readonly send: () => Promise<Reply | undefined>
  /** In the model for which it was made, or in a copy of that model */
  readonly foretell: (model: Model) => Foretelling
  readonly line: (answer: Answer) => string
}

export interface Doing {
  readonly label: string
  readonly isPossible: (model: Readonly<Model>) => boolean
  readonly begin: (model: Model, history: History) => Flight
}

export const hasSession = (model: Readonly<Model>) => model.sessions.length > 0

/** A request to the service. @param what tokens it presents, in words */
export function flight(
  { world: { under } }: History,
  { rules }: Model,
  what: string,
  { path, ...call }: Call,
  foretell: (model: Model) => Foretelling,
): Flight {
  return {
    what,
    send: () => under(rules)(path, call),
    foretell,
    line: ({ why }) => `${path.replace(/[0-9a-f-]{36}/, '{id}')} ${why}`,
  }
}

/** The latest most often, the previous one often, any other sometimes. */
export const back = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.nat(40) },
)

/** The index of the element at this distance from the end. */
export const indexFrom = (items: readonly unknown[], distance: number) =>
  items.length - 1 - (distance % items.length)

export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index]
  assert.ok(item !== undefined)
  return item
}

/** A request with a token, and its effect in the model. A copy of the model has its own token. */
export interface Asked<T> {
  readonly call: Call
  readonly foretell: (model: Model, token: T) => Foretelling
}

const presenting =
  <T extends AccessToken | RefreshToken>(kind: string, tokensOf: (model: Model) => readonly T[]) =>
  (label: string, ask: (token: T, model: Model) => Asked<T>): fc.Arbitrary<Doing> =>
    back.map((distance) => ({
      label: `${label}(${kind}, ${distance} back)`,
      isPossible: hasSession,
      begin(model, history) {
        const index = indexFrom(tokensOf(model), distance)
        const token = pick(tokensOf(model), index)
        const which = `generation ${token.generation}, exp ${token.exp}`
        const what = `${label}: ${kind} token of session ${model.sessions.indexOf(token.session)}, ${which}`
        const { call, foretell } = ask(token, model)
        return flight(history, model, what, call, (copy) => foretell(copy, pick(tokensOf(copy), index)))
      },
    }))

/** A request that presents one of the issued tokens. */
export const withAccess = presenting<AccessToken>('access', ({ accessTokens }) => accessTokens)
export const withRefresh = presenting<RefreshToken>('refresh', ({ refreshTokens }) => refreshTokens)
