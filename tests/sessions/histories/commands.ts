/** The events of a history, and how often they occur. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { insertUser } from '../../../src/store/queries/insert-user.ts'
import { foldCase } from '../../../src/users/fold-case.ts'
import { jump, stepBack, stepForth } from './clock.ts'
import type { Command } from './command.ts'
import { alone, command, together } from './command.ts'
import * as ends from './endings.ts'
import type { Doing } from './flight.ts'
import { flight, json } from './flight.ts'
import * as keys from './keys.ts'
import * as tokens from './tokens.ts'
import { PASSWORDS, RULES } from './world.ts'

const always = () => true

const register = (username: string) =>
  command(`register(${username})`, always, async ({ model, history: { world, prefix } }) => {
    const id = randomUUID()
    const row = await insertUser(
      world.service.core.db,
      {
        id,
        username: prefix + username,
        usernameKey: foldCase(prefix + username),
        passwordHash: world.cheapHash(PASSWORDS[0]),
        now: model.now,
      },
      OPERATOR,
    )
    const isFree = model.user(username) === undefined
    assert.equal(row !== 'taken', isFree, 'whether the name is free')
    const name = username.toLowerCase()
    const fresh = { passwordChanges: 0, replaced: undefined, state: 'active' } as const
    if (isFree) model.users.push({ id, name, password: PASSWORDS[0], ...fresh })
  })

const login = (username: string, isRight: boolean): Doing => ({
  label: `login(${username}${isRight ? '' : ', wrong password'})`,
  isPossible: always,
  begin(model, history) {
    const right = model.user(username)?.password ?? PASSWORDS[0]
    const password = isRight ? right : `not ${right}`
    const call = json('/api/auth/login', { username: history.prefix + username, password })
    return flight(history, model, 'login', call, (copy) => copy.login(username, password))
  },
})

const restart = fc.constantFrom(...RULES).map((rules) => {
  const { rotation, grace, lateRetry, sharedTokens, exchangeWindow, exchangeSessions } = rules
  const retries = `grace ${grace / 1000} s, late ${lateRetry / 60_000} min, shared ${sharedTokens}`
  const spans = `${retries}, window ${exchangeWindow / 60_000} min, exchange ${exchangeSessions}`
  const label = `restart(rotation ${rotation}, ${spans})`
  return command(label, always, ({ model }) => {
    model.rules = rules
  })
})

// Eve is rare, because she is not registered at first: a login of an unknown user costs a whole hash.
const names = fc.constantFrom('ada', 'ada', 'ada', 'ada', 'ada', 'ADA', 'bob', 'bob', 'eve')

/** The beginning of each history */
export const prelude: readonly Command[] = [
  register('ada'),
  register('bob'),
  alone(login('bob', true)),
  alone(login('ada', true)),
]

const times = <T>(count: number, arbitrary: T) => Array<T>(count).fill(arbitrary)

const endings = fc.oneof(
  fc.oneof(ends.logoutByAccess, ends.logoutByRefresh, ends.logoutAll),
  fc.oneof(ends.endSession, ends.changePassword),
  ends.operate,
  ends.prune,
)
const logins = fc.tuple(names, fc.constantFrom(true, true, true, false)).map((args) => login(...args))

const doings = fc.oneof(
  { weight: 12, arbitrary: tokens.refresh },
  { weight: 8, arbitrary: tokens.exchange },
  { weight: 2, arbitrary: tokens.me },
  { weight: 3, arbitrary: logins },
  { weight: 1, arbitrary: fc.oneof(tokens.crossedTokens, tokens.list) },
  { weight: 4, arbitrary: endings },
)

// Two or three at once: more would have too many orders.
const several = fc.array(doings, { minLength: 2, maxLength: 3, size: 'max' })

export const commands: fc.Arbitrary<Command>[] = [
  ...times(30, doings.map(alone)),
  ...times(8, several.map(together)),
  ...times(5, jump),
  ...times(2, stepForth),
  stepBack,
  ends.changeTwice,
  tokens.fromBefore,
  names.map(register),
  restart,
  fc.constantFrom(keys.rotate, keys.revoke),
]
