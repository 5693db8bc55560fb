/** Logout of one session and of all sessions. */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import type { Service, Tokens } from '../support/service.ts'
import { DAY, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { resigned, sidOf } from '../support/tokens.ts'
import { forge, startWorld } from '../support/world.ts'

const logout = (service: Service, bearer?: string, cookie?: string) =>
  service.request('/api/auth/logout', {
    method: 'POST',
    bearer,
    cookie: cookie === undefined ? undefined : `refresh_token=${cookie}`,
  })

async function isOver(service: Service, { accessToken, refreshToken }: Tokens): Promise<void> {
  assert.equal((await service.refresh(refreshToken)).body.message, 'Invalid refresh token.')
  assert.equal((await service.exchange(accessToken)).body.message, 'Invalid access token.')
  const me = await service.request('/api/auth/me', { bearer: accessToken })
  assert.equal(me.body.message, 'Invalid access token.')
}

const lives = async (service: Service, { accessToken }: Tokens) =>
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)

test('by refresh token, by access token or by cookie; the other sessions go on', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const [second, third, last] = [await service.login(), await service.login(), await service.login()]
  for (const [tokens, answer] of [
    [world, await logout(service, world.refreshToken)],
    [second, await logout(service, second.accessToken)],
    [third, await logout(service, undefined, third.refreshToken)],
  ] as const) {
    assert.deepEqual(answer.body.data, { message: 'Logged out successfully' })
    await isOver(service, tokens)
  }
  await lives(service, last)
})

test('by superseded and by expired tokens too: they still say which session is meant', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const { body } = await service.refresh(world.refreshToken)
  assert.equal((await logout(service, world.refreshToken)).status, 200)
  await isOver(service, { ...world, refreshToken: body.data.refresh_token })

  const second = await service.login()
  service.clock.now += 31 * DAY
  assert.equal((await logout(service, second.refreshToken)).status, 200)
  const { revoked_reason } = await service.core.db
    .selectFrom('sessions')
    .select('revoked_reason')
    .where('id', '=', sidOf(second.accessToken))
    .executeTakeFirstOrThrow()
  assert.equal(revoked_reason, 'logout')
})

test('an access token ends its session only as long as it can be exchanged, at the exchange and at the logout', async (t) => {
  for (const exchangeWindow of [60 * MINUTE, 0]) {
    const { service, accessToken, refreshToken } = await startWorld(t, { exchangeWindow })
    const { refresh_token } = (await service.refresh(refreshToken)).body.data
    if (exchangeWindow > 0) assert.equal((await service.exchange(accessToken)).status, 200)
    const end = 30 * MINUTE + exchangeWindow - (service.clock.now % 1000)
    service.clock.now += end
    assert.deepEqual((await logout(service, accessToken)).body, {
      status: 'error',
      code: 401,
      message: 'Invalid token.',
    })
    assert.notEqual((await service.exchange(accessToken)).status, 200)
    assert.equal((await service.refresh(refresh_token)).status, 200)
    service.clock.now -= 1
    assert.equal((await logout(service, accessToken)).status, 200)
    assert.equal((await service.refresh(refresh_token)).status, 401)
  }
})

test('when it was over already, that is a success and moves nothing', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  await logout(service, refreshToken)
  const before = await snapshot(service.database)
  service.clock.now += 1000
  assert.equal((await logout(service, refreshToken)).status, 200)
  assert.deepEqual(await snapshot(service.database), before)
})

test('two different tokens: both sessions end, and one that is good is enough', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const [second, third] = [await service.login(), await service.login()]
  assert.equal((await logout(service, world.accessToken, second.refreshToken)).status, 200)
  await isOver(service, world)
  await isOver(service, second)
  assert.equal((await logout(service, forge(third.accessToken), third.refreshToken)).status, 200)
  await isOver(service, third)
})

test('nothing that identifies a session: 401, and nothing ends', async (t) => {
  const world = await startWorld(t)
  const { service, accessToken, refreshToken } = world
  const before = await snapshot(service.database)
  assert.equal((await logout(service)).body.message, 'Token missing.')
  for (const token of [forge(accessToken), forge(refreshToken), 'garbage', `${refreshToken}=`]) {
    assert.equal((await logout(service, token)).body.message, 'Invalid token.')
    const answer = await logout(service, undefined, token)
    assert.equal(answer.body.message, 'Invalid token.')
  }
  assert.deepEqual(await snapshot(service.database), before)
})

test('a token that names a session of somebody else ends it for nobody', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  await service.register('bob')
  const bob = await service.login('bob')
  const before = await snapshot(service.database)
  for (const token of [bob.accessToken, bob.refreshToken]) {
    const crossed = resigned(token, { sid: sidOf(world.accessToken) })
    assert.equal((await logout(service, crossed)).status, 200, 'bob has no such session: it is over already')
  }
  assert.deepEqual(await snapshot(service.database), before)
  await lives(service, world)
})

test('an access token is good until the absolute deadline of its session, and no longer', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const me = async () => (await service.request('/api/auth/me', { bearer: accessToken })).body.message
  // Earlier than its creation: the token itself says that it lasts half an hour.
  const deadline = service.clock.now + MINUTE
  await service.core.db.updateTable('sessions').set({ absolute_expires_at: deadline }).execute()
  service.clock.now = deadline - 1
  assert.equal(await me(), undefined)
  service.clock.now = deadline
  assert.equal(await me(), 'Invalid access token.')
})

test('everywhere: all sessions of the user, this one included, and nobody else’s', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const others = [await service.login(), await service.login()]
  await service.register('bob')
  const bob = await service.login('bob')
  const request = { method: 'POST', bearer: world.accessToken }
  const { body } = await service.request('/api/auth/logout_all', request)
  assert.deepEqual(body.data, { message: 'All sessions ended', sessions_ended: 3 })
  for (const tokens of [world, ...others]) await isOver(service, tokens)
  await lives(service, bob)
  assert.equal((await service.request('/api/auth/logout_all', request)).status, 401)
})

test('a session past its absolute deadline is over already: it ends no second time, by no operation', async (t) => {
  const service = await startService(t, { sessionMaxAge: 60 * MINUTE })
  await service.register()
  await service.login()
  service.clock.now += 60 * MINUTE
  const { accessToken } = await service.login()
  const [old] = await service.core.db.selectFrom('sessions').select('id').orderBy('created_at').execute()
  const bearer = accessToken
  const path = `/api/auth/sessions/${old?.id}`
  assert.equal((await service.request(path, { method: 'DELETE', bearer })).body.message, 'Session not found.')
  const passwords = { current_password: PASSWORD, new_password: 'another one entirely' }
  const changed = await service.request('/api/auth/password', { bearer, json: passwords })
  assert.equal(changed.body.data.sessions_ended, 0)
  const all = { method: 'POST', bearer: changed.body.data.access_token }
  const { body } = await service.request('/api/auth/logout_all', all)
  assert.equal(body.data.sessions_ended, 1)
  assert.doesNotMatch(service.logged(), new RegExp(`"session.revoked".*${old?.id}`))
})

test('ended past its deadline, it does not come to life again when the clock is set back', async (t) => {
  const service = await startService(t, { sessionMaxAge: 60 * MINUTE })
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  service.clock.now += 60 * MINUTE
  assert.equal((await logout(service, refreshToken)).status, 200)
  service.clock.now -= 1000
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.equal((await service.exchange(accessToken)).status, 401)
})
