/** A password that an operator sets, and another name: what becomes of sessions, of logins in flight and of the old ones. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { createNames } from '../../src/limits/names.ts'
import { activeSessions } from '../../src/sessions/list.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, LIMITS, MINUTE, PASSWORD, SECRET, startService } from '../support/service.ts'

const NEW = 'another one entirely'

const admin = (service: Service, id: string) => (what: 'password' | 'username', value: string) =>
  service.request(`/admin/users/${id}/${what}`, {
    method: 'PUT',
    bearer: ADMIN_TOKEN,
    json: { [what]: value },
  })

const living = async ({ core }: Service, userId: string) =>
  (await activeSessions(core, { userId, limit: 100 })).sessions.length

const eventsOf = (service: Service, names: readonly string[]) =>
  service.core.db
    .selectFrom('events')
    .select(['name', 'reason', 'user_id'])
    .where('name', 'in', names)
    .orderBy('position')
    .execute()

test('a password that is set: the old one is refused, and no session and no token lives on', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  const put = admin(service, id)
  const [one, two] = [await service.login(), await service.login()]
  const answer = await put('password', NEW)
  assert.deepEqual([answer.status, answer.body.data], [200, { message: 'Password set', sessions_ended: 2 }])
  assert.equal((await service.tryLogin()).status, 401)
  for (const { refreshToken, accessToken } of [one, two]) {
    assert.equal((await service.refresh(refreshToken)).status, 401)
    assert.equal((await service.exchange(accessToken)).status, 401)
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 401)
  }
  assert.equal((await service.tryLogin(NEW)).status, 200)
  // Twice, with the same password: what was opened in between ends as well.
  assert.equal((await put('password', NEW)).body.data.sessions_ended, 1)
  assert.equal(await living(service, id), 0)
  assert.deepEqual(
    (await eventsOf(service, ['password.changed'])).map(({ reason, user_id }) => [reason, user_id]),
    [
      ['operator', id],
      ['operator', id],
    ],
  )
})

test('nothing is kept of the password that a change had replaced', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  const json = { current_password: PASSWORD, new_password: NEW }
  const { accessToken } = await service.login()
  assert.equal((await service.request('/api/auth/password', { bearer: accessToken, json })).status, 200)
  const replaced = async () => {
    const row = service.core.db.selectFrom('users').select(['replaced_hash', 'replaced_at', 'replaced_by'])
    return Object.values(await row.executeTakeFirstOrThrow()).filter((value) => value !== null).length
  }
  assert.equal(await replaced(), 3)
  assert.equal((await admin(service, id)('password', PASSWORD)).status, 200)
  assert.equal(await replaced(), 0)
})

test('users without a password get one, and the deactivated stay so', async (t) => {
  const service = await startService(t)
  const created = await service.request('/admin/users', { bearer: ADMIN_TOKEN, json: { username: 'ada' } })
  const { id } = created.body.data
  const put = admin(service, id)
  assert.equal((await put('password', NEW)).status, 200)
  assert.equal((await service.tryLogin(NEW)).status, 200)
  const deactivate = { method: 'POST', bearer: ADMIN_TOKEN }
  await service.request(`/admin/users/${id}/deactivate`, deactivate)
  assert.equal((await put('password', PASSWORD)).status, 200)
  assert.equal((await service.tryLogin()).status, 403)
})

test('logins with the old password at the same time: none of them has a session afterwards', async (t) => {
  const service = await startService(t, { password: { minLength: 8, memory: 1024, iterations: 1 } })
  const { id } = await service.register()
  const put = admin(service, id)
  const current = [PASSWORD, NEW]
  for (let round = 0; round < 4; round++) {
    const [old = '', next = ''] = round % 2 === 0 ? current : current.toReversed()
    const logins = Array.from({ length: 6 }, () => service.tryLogin(old))
    const [set, ...answers] = await Promise.all([put('password', next), ...logins])
    assert.equal(set.status, 200)
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200 && status !== 401),
      [],
    )
    assert.equal(await living(service, id), 0, `round ${round}`)
    assert.equal((await service.tryLogin(old)).status, 401)
  }
})

test('the user changes it at the same time: the operator’s holds, and no session lives on', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  const put = admin(service, id)
  let password = PASSWORD
  for (let round = 0; round < 4; round++) {
    const { body } = await service.tryLogin(password)
    const json = { current_password: password, new_password: `chosen by the user, ${round}` }
    const change = () => service.request('/api/auth/password', { bearer: body.data.access_token, json })
    const wanted = `chosen by the operator, ${round}`
    const [set, changed] = await Promise.all([put('password', wanted), change()])
    assert.equal(set.status, 200)
    // 403: the operator's was there before the current password was checked.
    assert.ok([200, 401, 403].includes(changed.status), `${changed.status}`)
    assert.equal(await living(service, id), 0)
    // A change is repeatable inside the grace window, but not past this one.
    assert.equal((await change()).status, 401)
    assert.equal((await service.tryLogin(wanted)).status, 200)
    password = wanted
  }
})

test('another name: sessions go on, the old name is free, and the event has no name in it', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  await service.register('grace')
  const put = admin(service, id)
  const { refreshToken, accessToken } = await service.login()
  for (const taken of ['grace', 'GRACE', 'ｇｒａｃｅ']) {
    const answer = await put('username', taken)
    assert.deepEqual([answer.status, answer.body.message], [409, 'Username is taken.'])
  }
  for (const name of ['Lovelace', 'Lovelace', 'lovelace'])
    assert.equal((await put('username', name)).body.data.username, name)
  assert.equal(
    (await service.request('/api/auth/me', { bearer: accessToken })).body.data.username,
    'lovelace',
  )
  assert.equal((await service.refresh(refreshToken)).status, 200)
  assert.equal((await service.tryLogin(PASSWORD, 'ada')).status, 401)
  assert.equal((await service.tryLogin(PASSWORD, 'LOVELACE')).status, 200)
  assert.notEqual((await service.register('ada')).id, id)
  const event = { name: 'user.renamed', reason: 'operator', user_id: id }
  assert.deepEqual(
    (await eventsOf(service, ['user.renamed'])).map((row) => ({ ...row })),
    [event, event],
  )
})

test('one name for several at once: one gets it', async (t) => {
  const service = await startService(t)
  const ids: string[] = []
  for (const name of ['a1', 'b1', 'c1']) ids.push((await service.register(name)).id)
  for (let round = 0; round < 3; round++) {
    const name = `wanted-${round}`
    const registered = service.request('/api/auth/register', { json: { username: name, password: PASSWORD } })
    const renamed = ids.map((id) => admin(service, id)('username', name.toUpperCase()))
    const statuses = (await Promise.all([registered, ...renamed])).map(({ status }) => status)
    assert.deepEqual(statuses.filter((status) => status < 300).length, 1, `${statuses}`)
    assert.deepEqual(
      statuses.filter((status) => status >= 300 && status !== 409),
      [],
    )
  }
})

test('known networks go with the user, and are not left to whoever takes the name', async (t) => {
  const service = await startService(t, { limits: { ...LIMITS, loginDelay: false } })
  const { id } = await service.register()
  const names = createNames({ current: SECRET, previous: [] })
  const seen = async () => {
    const rows = service.core.db.selectFrom('rate_limits').select(['key', 'user_id'])
    return (await rows.where('key', 'like', 'login-seen:%').orderBy('key').execute()).map((row) => ({
      ...row,
    }))
  }
  const row = (name: string, userId: string) => ({
    key: `login-seen:${names.hash(name)}:127.0.0.1`,
    user_id: userId,
  })
  await service.login()
  await admin(service, id)('username', 'grace')
  assert.deepEqual(await seen(), [row('grace', id)])
  const other = await service.register('ada')
  await service.login('ada')
  // Back and forth, over rows that are there
  await admin(service, other.id)('username', 'eve')
  await admin(service, id)('username', 'ada')
  await admin(service, other.id)('username', 'grace')
  const both = [row('ada', id), row('grace', other.id)].sort((a, b) => (a.key < b.key ? -1 : 1))
  assert.deepEqual(await seen(), both)
  service.clock.now += MINUTE
  await service.login('ada')
  assert.deepEqual(await seen(), both)
  // A row of a login that was in flight during a renaming is in the way, and goes.
  const left = { key: row('eve', '').key, points: 1, expires_at: service.clock.now + DAY }
  await service.core.db.insertInto('rate_limits').values(left).execute()
  assert.equal((await admin(service, id)('username', 'eve')).status, 200)
  const after = [row('eve', id), row('grace', other.id)].sort((a, b) => (a.key < b.key ? -1 : 1))
  assert.deepEqual(await seen(), after)
})

testOnce('without the token nothing is set', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  for (const [what, value] of [
    ['password', NEW],
    ['username', 'grace'],
  ] as const) {
    const json = { [what]: value }
    assert.equal((await service.request(`/admin/users/${id}/${what}`, { method: 'PUT', json })).status, 401)
  }
  await service.login()
})
