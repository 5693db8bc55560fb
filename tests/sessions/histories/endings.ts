/** Operations that end sessions. */
import fc from 'fast-check'
import { pruneAll } from '../../../src/sessions/prune.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { activateUser, deactivateUser, deleteUser } from '../../../src/store/queries/users.ts'
import type { Model } from '../model.ts'
import { command, fly, together } from './command.ts'
import type { Doing } from './flight.ts'
import { back, flight, hasSession, indexFrom, json, pick, post, withAccess, withRefresh } from './flight.ts'
import type { History } from './world.ts'
import { PASSWORDS } from './world.ts'

export const logoutByRefresh = withRefresh('logout', ({ text }) => ({
  call: post('/api/auth/logout', text),
  foretell: (model, token) => model.logout(token),
}))
export const logoutByAccess = withAccess('logout', ({ text }) => ({
  call: post('/api/auth/logout', text),
  foretell: (model, token) => model.logout(token),
}))

export const logoutAll = withAccess('logout_all', ({ text }) => ({
  call: post('/api/auth/logout_all', text),
  foretell: (model, token) => model.logoutAll(token),
}))

export const endSession = back.chain((distance) =>
  withAccess(`end session ${distance} back`, ({ text }, { sessions }) => {
    const index = indexFrom(sessions, distance)
    return {
      call: { path: `/api/auth/sessions/${pick(sessions, index).id}`, method: 'DELETE', bearer: text },
      foretell: (model, token) => model.endSession(token, pick(model.sessions, index)),
    }
  }),
)

export const changePassword = fc.constantFrom(true, true, false).chain((isRight) =>
  withAccess(isRight ? 'password' : 'wrong password', ({ text, session: { user } }) => {
    const other = PASSWORDS.find((password) => password !== user.password) ?? ''
    const [current, next] = isRight ? [user.password, other] : [other, user.password]
    return {
      call: json('/api/auth/password', { current_password: current, new_password: next }, text),
      foretell: (model, token) => model.changePassword(token, current, next),
    }
  }),
)

/** A change, and the same request again: a repetition, if nothing came between. */
export const changeTwice = fc.tuple(back, fc.boolean()).map(([distance, isAtOnce]) =>
  command(`password twice${isAtOnce ? ' at once' : ''}, ${distance} back`, hasSession, async (moment) => {
    const { model, history } = moment
    const index = indexFrom(model.accessTokens, distance)
    const { text, session } = pick(model.accessTokens, index)
    const { password } = session.user
    const next = PASSWORDS.find((other) => other !== password) ?? ''
    const call = json('/api/auth/password', { current_password: password, new_password: next }, text)
    const change = flight(history, model, 'password', call, (copy) =>
      copy.changePassword(pick(copy.accessTokens, index), password, next),
    )
    const doing: Doing = { label: 'password', isPossible: hasSession, begin: () => change }
    if (isAtOnce) return together([doing, doing]).run(model, history)
    await fly(moment, change)
    await fly(moment, change)
  }),
)

/** Operations without HTTP. */
const unasked = (
  label: string,
  isPossible: Doing['isPossible'],
  // The state from before, because the model is ahead while it predicts.
  prepare: (model: Model, history: History) => () => Promise<unknown>,
  foretell: (model: Model) => void,
): Doing => ({
  label,
  isPossible,
  begin(model, history) {
    const send = prepare(model, history)
    return {
      what: label,
      send: () => send().then(() => undefined),
      foretell: (copy) => void foretell(copy),
      line: () => label,
    }
  },
})

const operations = { deactivate: deactivateUser, activate: activateUser, delete: deleteUser }

export const operate = fc
  .tuple(fc.constantFrom('ada', 'bob'), fc.constantFrom('deactivate', 'activate', 'activate', 'delete'))
  .map(([username, what]) =>
    unasked(
      `${what}(${username})`,
      (model) => model.user(username) !== undefined,
      (model, { world }) => {
        const id = model.user(username)?.id ?? ''
        return () => operations[what](world.service.core.db, id, model.now, OPERATOR)
      },
      (model) => model[what](username),
    ),
  )

export const prune = fc.constant(
  unasked(
    'prune',
    hasSession,
    (model, { world }) =>
      () =>
        pruneAll(world.core(model.rules)),
    (model) => model.prune(),
  ),
)
