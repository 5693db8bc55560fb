/** What can happen in a history, and how often. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { insertUser } from '../../../src/store/users.ts'
import { usernameKey } from '../../../src/users/usernames.ts'
import { jump, stepBack, stepForth } from './clock.ts'
import type { Command } from './command.ts'
import { command, json } from './command.ts'
import * as endings from './endings.ts'
import * as tokens from './tokens.ts'
import { PASSWORDS, RULES } from './world.ts'

const always = () => true

const register = (username: string) =>
  command(`register(${username})`, always, async ({ model, history: { world, prefix } }) => {
    const id = randomUUID()
    const row = await insertUser(world.service.core.db, {
      id,
      username: prefix + username,
      usernameKey: usernameKey(prefix + username),
      passwordHash: world.cheapHash(PASSWORDS[0]),
      now: model.now,
    })
    const isFree = model.user(username) === undefined
    assert.equal(row !== undefined, isFree, 'whether the name is free')
    const user = { id, name: username.toLowerCase(), password: PASSWORDS[0], state: 'active' as const }
    if (isFree) model.users.push(user)
  })

const login = (username: string, isRight: boolean) =>
  command(
    `login(${username}${isRight ? '' : ', wrong password'})`,
    always,
    async ({ model, ask, history }) => {
      const right = model.user(username)?.password ?? PASSWORDS[0]
      const password = isRight ? right : `not ${right}`
      const body = { username: history.prefix + username, password }
      await ask(model.login(username, password), json('/api/auth/login', body))
    },
  )

const restart = fc.constantFrom(...RULES).map((rules) => {
  const { rotation, grace, exchangeWindow } = rules
  const spans = `grace ${grace / 1000} s, window ${exchangeWindow / 60_000} min`
  const label = `restart(rotation ${rotation}, ${spans})`
  return command(label, always, ({ model }) => {
    model.rules = rules
  })
})

// Seldom Eve, whom nobody registered at first: a login of nobody costs a whole hash.
const names = fc.constantFrom('ada', 'ada', 'ada', 'ada', 'ada', 'ADA', 'bob', 'bob', 'eve')

type Commands = fc.Arbitrary<Command>
const times = (count: number, commands: Commands) => Array<Commands>(count).fill(commands)

/** How each history begins */
export const prelude: readonly Command[] = [
  register('ada'),
  register('bob'),
  login('bob', true),
  login('ada', true),
]

export const commands: Commands[] = [
  ...times(12, tokens.refresh),
  ...times(8, tokens.exchange),
  ...times(2, tokens.me),
  ...times(
    3,
    fc.tuple(names, fc.constantFrom(true, true, true, false)).map((args) => login(...args)),
  ),
  ...times(5, jump),
  ...times(2, stepForth),
  stepBack,
  fc.oneof(tokens.crossedAccess, tokens.crossedRefresh),
  tokens.fromBefore,
  tokens.list,
  names.map(register),
  fc.oneof(endings.logoutByAccess, endings.logoutByRefresh, endings.logoutAll),
  fc.oneof(endings.endSession, endings.changePassword),
  endings.operate,
  endings.prune,
  restart,
]
