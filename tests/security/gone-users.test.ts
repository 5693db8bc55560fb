/** Deactivated and deleted users: the response of each operation to the tokens that they still have. */

import assert from 'node:assert/strict'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { activateUser, deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { snapshot, test } from '../support/database.ts'
import type { Answer } from '../support/service.ts'
import { PASSWORD } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const credentials = { username: 'ada', password: PASSWORD }

/** Each operation that such a user could call. */
const calls: Readonly<Record<string, (world: World) => Promise<Answer>>> = {
  'refresh, header': ({ service, refreshToken }) => service.refresh(refreshToken),
  'refresh, cookie': ({ service, refreshToken }) =>
    service.request('/refresh_token', { method: 'POST', cookie: `refresh_token=${refreshToken}` }),
  exchange: ({ service, accessToken }) => service.exchange(accessToken),
  me: ({ service, accessToken }) => service.request('/api/auth/me', { bearer: accessToken }),
  sessions: ({ service, accessToken }) => service.request('/api/auth/sessions', { bearer: accessToken }),
  'end a session': ({ service, accessToken }) =>
    service.request(`/api/auth/sessions/${sidOf(accessToken)}`, { method: 'DELETE', bearer: accessToken }),
  password: ({ service, accessToken }) =>
    service.request('/api/auth/password', {
      bearer: accessToken,
      json: { current_password: PASSWORD, new_password: 'another one entirely' },
    }),
  'log out of all': ({ service, accessToken }) =>
    service.request('/api/auth/logout_all', { method: 'POST', bearer: accessToken }),
}

for (const [name, call] of Object.entries(calls)) {
  test(`ASVS 7.4.2, ${name}: deactivated 403, active again 401, deleted 404, and nothing changes`, async (t) => {
    const world = await startWorld(t)
    const { service, user } = world
    const refused = async (status: number, message?: string) => {
      const before = await snapshot(service.database)
      const answer = await call(world)
      assert.equal(answer.status, status, answer.text)
      if (message !== undefined) assert.deepEqual(answer.body, { status: 'error', code: status, message })
      assert.deepEqual(await snapshot(service.database), before)
    }
    await deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR)
    await refused(403, 'User is inactive.')
    // The user must log in again: the old sessions stay ended.
    await activateUser(service.core.db, user.id, Date.now(), OPERATOR)
    await refused(401)
    await deleteUser(service.core.db, user.id, Date.now(), OPERATOR)
    await refused(404, 'User not found.')
  })
}

test('login: a deactivated user learns it only with the right password, a deleted one never', async (t) => {
  const { service, user } = await startWorld(t)
  const login = async (password: string) => {
    const { status, body } = await service.tryLogin(password)
    return [status, body.message]
  }
  await deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR)
  assert.deepEqual(await login(PASSWORD), [403, 'User is inactive.'])
  assert.deepEqual(await login('not the password'), [401, 'Invalid credentials.'])
  await activateUser(service.core.db, user.id, Date.now(), OPERATOR)
  assert.equal((await service.request('/api/auth/login', { json: credentials })).status, 200)
  await deleteUser(service.core.db, user.id, Date.now(), OPERATOR)
  assert.deepEqual(await login(PASSWORD), [401, 'Invalid credentials.'])
})

test('logout is a success for the deactivated and the deleted: the session is over', async (t) => {
  const { service, user, accessToken, refreshToken } = await startWorld(t)
  for (const act of [deactivateUser, deleteUser]) {
    await act(service.core.db, user.id, service.clock.now, OPERATOR)
    for (const bearer of [accessToken, refreshToken]) {
      assert.equal((await service.request('/api/auth/logout', { method: 'POST', bearer })).status, 200)
    }
  }
})

test('a new user of the same name has nothing to do with the one who was deleted', async (t) => {
  const { service, user, accessToken, refreshToken } = await startWorld(t)
  await deleteUser(service.core.db, user.id, Date.now(), OPERATOR)
  const next = await service.register()
  assert.notEqual(next.id, user.id)
  await service.login()
  assert.equal((await service.refresh(refreshToken)).status, 404)
  assert.equal((await service.exchange(accessToken)).status, 404)
})
