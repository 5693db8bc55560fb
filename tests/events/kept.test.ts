/** Which events are stored, with which members. Every change of state has its event, and every event its change. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { endEverySession } from '../../src/sessions/revoke.ts'
import { insertSampled, listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { activateUser, deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { addSessions } from '../store/rows.ts'
import { recordStatements } from '../store/statements.ts'
import { test } from '../support/database.ts'
import { MINUTE, NO_LIMITS, PASSWORD, startService } from '../support/service.ts'
import { forge } from '../support/world.ts'

type Service = Awaited<ReturnType<typeof startService>>

const events = async ({ core }: Service) => (await listEvents(core.db, { limit: 1000 })).reverse()
const told = async (service: Service) =>
  (await events(service)).map(({ name, reason, kind }) => [name, reason, kind].filter(Boolean).join(' '))

test('all that happens to an account and its sessions, once and in order', async (t) => {
  const service = await startService(t, { lateRetry: 0 })
  const { core, clock } = service
  const user = await service.register()
  const first = await service.login()
  await service.request('/api/auth/login', { json: { username: 'ada', password: 'wrong, of course' } })
  await service.refresh(first.refreshToken)
  await service.refresh(first.refreshToken)
  await service.exchange(first.accessToken)
  clock.now += MINUTE
  for (const _ of [1, 2, 3]) assert.equal((await service.refresh(first.refreshToken)).status, 401)
  assert.equal((await service.refresh('not.a.token')).status, 401)
  const second = await service.login()
  await service.login()
  const change = (current: string) =>
    service.request('/api/auth/password', {
      bearer: second.accessToken,
      json: { current_password: current, new_password: 'another one entirely' },
    })
  await change('wrong, of course')
  assert.equal((await change(PASSWORD)).status, 200)
  for (const _ of [1, 2])
    await service.request('/api/auth/logout', { method: 'POST', bearer: second.refreshToken })
  for (const _ of [1, 2]) await deactivateUser(core.db, user.id, clock.now, OPERATOR)
  for (const _ of [1, 2]) await activateUser(core.db, user.id, clock.now, OPERATOR)
  assert.equal(await endEverySession(core, { reason: 'operator', origin: OPERATOR }), 0)
  for (const _ of [1, 2]) await deleteUser(core.db, user.id, clock.now, OPERATOR)
  assert.deepEqual(await told(service), [
    'user.registered',
    'session.opened',
    'login.failed invalid',
    'token.reuse_detected refresh',
    'session.revoked reuse refresh',
    'token.refused revoked refresh',
    'session.opened',
    'session.opened',
    'password.refused wrong_password',
    'password.changed',
    'session.revoked password',
    'session.revoked logout',
    'user.deactivated',
    'user.activated',
    'user.deleted',
  ])
  const rows = await events(service)
  const byHttp = rows.filter(({ requestId }) => requestId !== null)
  assert.equal(byHttp.length, rows.length - 3, 'all but what the operator did')
  for (const row of byHttp)
    assert.deepEqual([row.address, row.userAgent, row.userId], ['127.0.0.1', 'node', user.id])
  const page = await listEvents(core.db, { limit: 2, before: rows[3]?.position })
  assert.deepEqual(
    page.map(({ name }) => name),
    ['login.failed', 'session.opened'],
  )
})

test('where the event cannot be written there is no change, and a refusal is one all the same', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const { db } = service.core
  await db.schema.alterTable('events').renameTo('hidden').execute()
  const logout = () => service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.equal((await logout()).status, 500)
  const wrong = { json: { username: 'ada', password: 'wrong, of course' } }
  assert.equal((await service.request('/api/auth/login', wrong)).status, 401)
  assert.match(service.logged(), /event not kept/)
  assert.equal(
    (await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })).status,
    500,
  )
  assert.equal((await service.refresh(refreshToken)).status, 200, 'a good refresh has nothing to do with it')
  await db.schema.alterTable('hidden').renameTo('events').execute()
  const sessions = await db.selectFrom('sessions').select('revoked_at').execute()
  assert.deepEqual(sessions, [{ revoked_at: null }])
  assert.deepEqual(await told(service), ['user.registered', 'session.opened'])
})

test('a reuse is answered when its session has ended, and not as a refusal when that could not be written', async (t) => {
  const service = await startService(t, { lateRetry: 0 })
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  await service.refresh(refreshToken)
  await service.exchange(accessToken)
  service.clock.now += MINUTE
  const { db } = service.core
  await db.schema.alterTable('events').renameTo('hidden').execute()
  assert.equal((await service.refresh(refreshToken)).status, 500)
  assert.equal((await service.exchange(accessToken)).status, 500)
  await db.schema.alterTable('hidden').renameTo('events').execute()
  const lives = await db.selectFrom('sessions').select('revoked_at').execute()
  assert.deepEqual(lives, [{ revoked_at: null }])
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.deepEqual((await told(service)).slice(2), [
    'token.reuse_detected refresh',
    'session.revoked reuse refresh',
  ])
})

test('many that end one session at once: one event', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  const logout = () => service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  await Promise.all(Array.from({ length: 10 }, logout))
  assert.deepEqual(await told(service), ['user.registered', 'session.opened', 'session.revoked logout'])
})

test('everybody logged out by the operator: one event, and none when nobody was', async (t) => {
  const service = await startService(t)
  await service.register()
  for (const _ of [1, 2]) await service.login()
  assert.equal(await endEverySession(service.core, { reason: 'operator', origin: OPERATOR }), 2)
  assert.equal(await endEverySession(service.core, { reason: 'operator', origin: OPERATOR }), 0)
  assert.deepEqual((await told(service)).slice(3), ['sessions.revoked operator'])
})

test('sessions of a user that end at once: up to 500 one by one, more by one event and one line', async (t) => {
  const service = await startService(t)
  const { id: userId } = await service.register()
  for (const [others, expected] of [
    [499, Array(500).fill('session.revoked')],
    [500, ['sessions.revoked']],
  ] as const) {
    const { accessToken: bearer } = await service.login()
    const { db } = service.core
    await db.deleteFrom('sessions').where('revoked_at', 'is not', null).execute()
    await db.deleteFrom('events').execute()
    await addSessions(db, userId, others)
    const begin = service.logged().length
    const answer = await service.request('/api/auth/logout_all', { method: 'POST', bearer })
    assert.equal(answer.body.data.sessions_ended, others + 1)
    const kept = await events(service)
    assert.deepEqual(
      kept.map(({ name }) => name),
      expected,
    )
    for (const event of kept) assert.deepEqual([event.userId, event.reason], [userId, 'logout_all'])
    const lines = service
      .logged()
      .slice(begin)
      .match(/"event":"sessions?\.revoked"/g)
    assert.equal(lines?.length, expected.length)
  }
})

test('a token that somebody sends as the name of a client is not kept', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  const json = { username: 'ada', password: PASSWORD }
  await service.request('/api/auth/login', { json, headers: { 'User-Agent': `app/${accessToken}` } })
  assert.equal((await events(service)).at(-1)?.userAgent, 'app/[token]')
})

testOnce('neither a long name of a client takes long, nor is what costs nothing kept', async (t) => {
  const service = await startService(t)
  await service.register()
  const headers = { 'User-Agent': 'ey'.repeat(7500) }
  const times = []
  for (const _ of [1, 2, 3]) {
    const begun = process.cpuUsage()
    await service.request('/api/auth/logout', { method: 'POST', bearer: 'x', headers })
    times.push(process.cpuUsage(begun).user / 1000)
  }
  assert.ok(Math.min(...times) < 100, `${times} ms of the CPU`)
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
  assert.equal((await service.request('/api/auth/login', { json, headers: foreign })).status, 403)
  assert.deepEqual(await told(service), ['user.registered'])
})

test('an access token that is over: whose it was is in the log, and kept once an hour where it was ended', async (t) => {
  const service = await startService(t)
  const { id: userId } = await service.register()
  const { clock } = service
  const me = async (bearer: string, message = 'Invalid access token.') => {
    const answer = await service.request('/api/auth/me', { bearer })
    assert.deepEqual([answer.status, answer.body.message], [401, message])
  }
  const first = await service.login()
  const exchanged = await service.exchange(first.accessToken)
  clock.now += MINUTE
  for (const _ of [1, 2]) await me(first.accessToken)
  await service.request('/api/auth/logout', { method: 'POST', bearer: exchanged.body.access_token })
  for (const _ of [1, 2, 3]) await me(exchanged.body.access_token)
  await me(forge(exchanged.body.access_token))
  clock.now += 30 * MINUTE
  await me(exchanged.body.access_token, 'Access token has expired.')
  const { accessToken: pruned } = await service.login()
  await service.core.db.deleteFrom('sessions').execute()
  await me(pruned)
  const refused = service
    .logged()
    .split('\n')
    .filter((line) => line.includes('"event":"token.refused"'))
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    refused.map(({ reason, user_id: user }) => [reason, user].join(' ').trim()),
    [
      ...Array(2).fill(`spent ${userId}`),
      ...Array(3).fill(`revoked ${userId}`),
      'invalid',
      `expired ${userId}`,
      `unknown_session ${userId}`,
    ],
  )
  for (const { reason, session_id } of refused) assert.equal(reason === 'invalid', session_id === undefined)
  const kept = (await events(service)).filter(({ name }) => name === 'token.refused')
  assert.deepEqual(
    kept.map(({ reason, userId: user }) => [reason, user]),
    [
      ['revoked', userId],
      ['unknown_session', userId],
    ],
  )
})

test('what costs its sender nothing is kept once an hour for a network, and then costs us no statement', async (t) => {
  const recording = recordStatements(t)
  const service = await startService(t, { trustProxy: 1 })
  await service.register()
  const { accessToken: bearer } = await service.login()
  const { refreshToken: over } = await service.login()
  await service.request('/api/auth/logout', { method: 'POST', bearer: over })
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
  const admin = (address: string) =>
    service.request('/admin/users', { bearer: 'x'.repeat(43), ...from(address) })
  const change = () =>
    service.request('/api/auth/password', {
      bearer,
      json: { current_password: PASSWORD, new_password: 'password' },
    })
  const everything = async () => {
    for (const address of ['2001:db8::1', '2001:db8::2', '192.0.2.2'])
      assert.equal((await admin(address)).status, 401)
    assert.equal((await change()).status, 400)
    for (const address of ['192.0.2.1', '192.0.2.2'])
      await service.request('/refresh_token', { method: 'POST', bearer: over, ...from(address) })
  }
  await everything()
  const once = ['admin.refused', 'admin.refused', 'token.refused revoked refresh']
  assert.deepEqual((await told(service)).slice(4), once)
  recording.executed.length = 0
  await everything()
  assert.deepEqual(
    recording.executed.filter(({ sql }) => sql.startsWith('insert into "events"')),
    [],
  )
  // Another process does not know of it.
  const second = await startService(t, { trustProxy: 1, database: service.database }, service.clock)
  await second.request('/admin/users', { bearer: 'x'.repeat(43), ...from('192.0.2.2') })
  assert.equal((await events(service)).length, 7)
  service.clock.now += 60 * MINUTE
  await admin('192.0.2.2')
  assert.deepEqual((await told(service)).slice(7), ['admin.refused'])
})

test('limits that are reached: once an hour, of a network or of a session, however many names and keys', async (t) => {
  const once = { points: 1, seconds: 60 }
  const limits = {
    ...NO_LIMITS,
    loginDelay: true,
    registerAddress: once,
    refreshSession: once,
    loginAddress: once,
  }
  const service = await startService(t, { trustProxy: 1, limits })
  await service.register()
  const { refreshToken } = await service.login()
  const { body } = await service.refresh(refreshToken)
  for (let round = 0; round < 3; round++, service.clock.now += MINUTE) {
    for (let index = 0; index < 3; index++) {
      const headers = { 'X-Forwarded-For': '192.0.2.1' }
      const json = { username: `nobody${index}`, password: 'a guess at it' }
      await service.request('/api/auth/login', { headers, json })
      await service.request('/api/auth/register', { headers, json })
      await service.request('/refresh_token', { method: 'POST', bearer: body.data.refresh_token, headers })
    }
  }
  const reached = (await events(service)).filter(({ name }) => name === 'limit.reached')
  assert.deepEqual(reached.map(({ reason }) => reason).sort(), ['login-address', 'refresh', 'register'])
})

test('failed logins: those of a user each, those of names that nobody has a thousand an hour, and all write', async (t) => {
  const recording = recordStatements(t)
  const service = await startService(t)
  const { db } = service.core
  const { id } = await service.register()
  recording.executed.length = 0
  for (const username of ['ada', 'nobody', 'ada', 'nobody']) {
    await service.request('/api/auth/login', { json: { username, password: 'a guess' } })
  }
  const inserts = recording.executed.filter(({ sql }) => sql.startsWith('insert into "events"'))
  assert.deepEqual(
    inserts.map(({ sql }) => sql.includes('do update')),
    [false, true, false, true],
  )
  const failed = (await events(service)).filter(({ name }) => name === 'login.failed')
  assert.equal(failed.filter(({ userId }) => userId === id).length, 2)
  assert.ok(failed.some(({ userId, address }) => userId === null && address === '127.0.0.1'))

  const nobody = { name: 'login.failed', reason: 'invalid' } as const
  const count = async () => (await db.selectFrom('events').select('id').execute()).length
  const before = await count()
  for (let index = 0; index < 3000; index++) await insertSampled(db, nobody, 3_600_000, OPERATOR)
  const kept = (await count()) - before
  assert.ok(kept > 850 && kept <= 1000, `${kept}`)
  await insertSampled(db, nobody, 7_200_000, OPERATOR)
  assert.equal(await count(), before + kept + 1)
})
