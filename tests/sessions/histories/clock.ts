/** Changes of the clock: by fixed amounts, and to the exact millisecond of a deadline, the one before and the one after. */
import fc from 'fast-check'
import type { Model } from '../model.ts'
import type { Moment } from './command.ts'
import { command } from './command.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

// Small: rows are kept for an hour longer than necessary, so that a clock that is set back revives nothing.
const LARGEST_STEP_BACK = 45 * SECOND

function turn({ model, history }: Moment, now: number): void {
  model.now = now
  history.world.service.clock.now = now
}

const AMOUNTS = [1, SECOND, 10 * SECOND, 29_999, 30_000, 30_001, 2 * MINUTE, 20 * MINUTE, 2 * HOUR]
const STEPS_BACK = [1, 500, SECOND, 20 * SECOND, LARGEST_STEP_BACK]

const step = (by: number) =>
  command(
    `clock ${by > 0 ? '+' : ''}${by} ms`,
    () => true,
    (moment) => turn(moment, moment.model.now + by),
  )

/** The times at which the responses change. */
const deadlines: Readonly<Record<string, (model: Readonly<Model>) => number[]>> = {
  'end of grace': ({ sessions, rules }) => sessions.map(({ rotatedAt }) => rotatedAt + rules.grace),
  'end of late retries': ({ sessions, rules }) =>
    sessions.map(({ rotatedAt }) => rotatedAt + rules.lateRetry),
  // A clock that was set back may lie before the window.
  'beginning of grace': ({ sessions, rules }) => sessions.map(({ rotatedAt }) => rotatedAt - rules.grace - 1),
  'beginning of grace of an exchange': ({ accessTokens, rules }) =>
    accessTokens.flatMap(({ exchanged }) =>
      exchanged === undefined ? [] : [exchanged.at - rules.grace - 1],
    ),
  'end of grace of an exchange': ({ accessTokens, rules }) =>
    accessTokens.flatMap(({ exchanged }) => (exchanged === undefined ? [] : [exchanged.at + rules.grace])),
  'expiry of an access token': ({ accessTokens }) => accessTokens.map(({ exp }) => exp * SECOND),
  'end of the exchange window': ({ accessTokens, rules }) =>
    accessTokens.map(({ exp }) => exp * SECOND + rules.exchangeWindow),
  'expiry of a refresh token': ({ refreshTokens }) => refreshTokens.map(({ exp }) => exp * SECOND),
  'idle deadline': ({ sessions }) => sessions.map(({ expiresAt }) => expiresAt),
  'absolute deadline': ({ sessions }) => sessions.map(({ absoluteExpiresAt }) => absoluteExpiresAt),
  'pruning of an idle session': (model) =>
    model.sessions.map(
      ({ refreshedAt, expiresAt }) => Math.max(expiresAt, model.exchangeableUntil(refreshedAt)) + HOUR,
    ),
  'pruning of a session at its absolute deadline': ({ sessions }) =>
    sessions.map(({ absoluteExpiresAt }) => absoluteExpiresAt + HOUR),
  'pruning of a revoked session': (model) =>
    model.sessions.flatMap(({ revoked }) =>
      revoked === undefined ? [] : [model.exchangeableUntil(revoked.at) + HOUR],
    ),
}

// Most histories should continue.
const NEAR = ['end of grace', 'end of grace of an exchange', 'expiry of an access token']

/** A deadline that is ahead, or so recent that the clock may be set back to it. */
function target(model: Readonly<Model>, what: string, which: number): number | undefined {
  const all = deadlines[what]?.(model) ?? []
  const reachable = all.filter((deadline) => deadline - model.now >= -LARGEST_STEP_BACK)
  return reachable.at(-1 - (which % Math.max(1, reachable.length)))
}

export const jump = fc
  .tuple(
    fc.oneof(fc.constantFrom(...NEAR), fc.constantFrom(...Object.keys(deadlines))),
    fc.nat(3),
    fc.constantFrom(-SECOND, -1, 0, 0, 1, SECOND),
  )
  .map(([what, which, offset]) =>
    command(
      `clock to ${what} ${offset} ms (${which} back)`,
      (model) => target(model, what, which) !== undefined,
      (moment) => turn(moment, (target(moment.model, what, which) ?? moment.model.now) + offset),
    ),
  )

export const stepForth = fc.constantFrom(...AMOUNTS).map(step)
export const stepBack = fc.constantFrom(...STEPS_BACK).map((by) => step(-by))
