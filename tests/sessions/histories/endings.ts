/** Commands that end sessions. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pruneAll } from '../../../src/sessions/prune.ts'
import { activateUser, deactivateUser, deleteUser, findPasswordHash } from '../../../src/store/users.ts'
import { command, json, post } from './command.ts'
import { back, hasSession, pick, withAccess, withRefresh } from './tokens.ts'
import { PASSWORDS } from './world.ts'

export const logoutByRefresh = withRefresh('logout', ({ model, ask }, token) =>
  ask(model.logout(token), post('/api/auth/logout', token.text)),
)
export const logoutByAccess = withAccess('logout', ({ model, ask }, token) =>
  ask(model.logout(token), post('/api/auth/logout', token.text)),
)

export const logoutAll = withAccess('logout_all', ({ model, ask }, token) =>
  ask(model.logoutAll(token), post('/api/auth/logout_all', token.text)),
)

export const endSession = back.chain((n) =>
  withAccess(`end session ${n} back`, ({ model, ask }, token) => {
    const session = pick(model.sessions, n)
    const path = `/api/auth/sessions/${session.id}`
    return ask(model.endSession(token, session), { path, method: 'DELETE', bearer: token.text })
  }),
)

export const changePassword = fc.constantFrom(true, true, false).chain((isRight) =>
  withAccess(isRight ? 'password' : 'wrong password', async ({ model, ask, history: { world } }, token) => {
    const { user } = token.session
    const other = PASSWORDS.find((password) => password !== user.password) ?? ''
    const [current, next] = isRight ? [user.password, other] : [other, user.password]
    const answer = model.changePassword(token, current, next)
    const body = { current_password: current, new_password: next }
    await ask(answer, json('/api/auth/password', body, token.text))
    if (answer.status !== 200) return
    const { db } = world.service.core
    assert.match((await findPasswordHash(db, user.id)) ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    // The same password, but cheaper for the logins to come.
    const cheaper = { password_hash: world.cheapHash(next) }
    await db.updateTable('users').set(cheaper).where('id', '=', user.id).execute()
  }),
)

/** What an operator does, for which there is no HTTP. */
const operations = { deactivate: deactivateUser, activate: activateUser, delete: deleteUser }

export const operate = fc
  .tuple(fc.constantFrom('ada', 'bob'), fc.constantFrom('deactivate', 'activate', 'activate', 'delete'))
  .map(([username, what]) =>
    command(
      `${what}(${username})`,
      (model) => model.user(username) !== undefined,
      async ({ model, history: { world } }) => {
        const user = model.user(username)
        assert.ok(user !== undefined)
        await operations[what](world.service.core.db, user.id, model.now)
        if (what === 'deactivate') model.deactivate(user)
        else user.state = what === 'activate' ? 'active' : 'deleted'
      },
    ),
  )

export const prune = fc.constant(
  command('prune', hasSession, async ({ model, history: { world } }) => {
    await pruneAll(world.core(model.rules))
    model.prune()
  }),
)
