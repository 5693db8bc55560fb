/** Reset tokens: they work once, and what happens twice, at once, half, too late, or after something else. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test as testOnce } from 'node:test'
import { activeSessions } from '../../src/sessions/list.ts'
import { pruneAll } from '../../src/sessions/prune.ts'
import { snapshot, test } from '../support/database.ts'
import type { Answer, Request, Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, LIMITS, MINUTE, NO_LIMITS, PASSWORD, startService } from '../support/service.ts'
import { crowd } from '../support/world.ts'

const NEW = 'another one entirely'
const OTHER = 'something else again'

const admin = (service: Service, path: string, more: Request = {}) =>
  service.request(`/admin/users/${path}`, { bearer: ADMIN_TOKEN, method: 'POST', ...more })

const ask = async (service: Service, id: string): Promise<string> =>
  (await admin(service, `${id}/password_reset`)).body.data.reset_token

const reset = (service: Service, token: string, new_password = NEW, more: Request = {}) =>
  service.request('/api/auth/password_reset', { json: { token, new_password }, ...more })

const logIn = async (service: Service, password: string) => (await service.tryLogin(password)).status

const living = async ({ core }: Service, userId: string) =>
  (await activeSessions(core, { userId, limit: 100 })).sessions.length

const REFUSED = { status: 'error', code: 401, message: 'Invalid reset token.' }

/** Refused like any other, and nothing is changed. */
async function isRefused(service: Service, token: string, password = NEW): Promise<void> {
  const before = await snapshot(service.database)
  const answer = await reset(service, token, password)
  assert.deepEqual(answer.body, REFUSED)
  assert.equal(answer.headers.get('Rekindle-Error'), 'reset_token_invalid')
  assert.deepEqual(await snapshot(service.database), before)
}

async function start(...parameters: Parameters<typeof startService>) {
  const service = await startService(...parameters)
  const { id } = await service.register()
  return { service, id }
}

test('a token sets the password once, and no session and no token lives on', async (t) => {
  const { service, id } = await start(t)
  const sessions = [await service.login(), await service.login()]
  const asked = await admin(service, `${id}/password_reset`)
  const { reset_token: token, ...rest } = asked.body.data
  assert.deepEqual([asked.status, rest], [201, { message: 'Password reset requested', expires_in: 1800 }])
  // Until then everything goes on.
  assert.equal(await living(service, id), 2)
  assert.equal(await logIn(service, PASSWORD), 200)
  const answer = await reset(service, token)
  assert.deepEqual([answer.status, answer.body.data], [200, { message: 'Password set', sessions_ended: 3 }])
  for (const { refreshToken, accessToken } of sessions) {
    assert.equal((await service.refresh(refreshToken)).status, 401)
    assert.equal((await service.exchange(accessToken)).status, 401)
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 401)
  }
  assert.deepEqual([await logIn(service, PASSWORD), await logIn(service, NEW)], [401, 200])
  service.clock.now += 31_000
  await isRefused(service, token)
  await isRefused(service, token, OTHER)
  const events = await service.core.db
    .selectFrom('events')
    .select(['name', 'reason', 'user_id'])
    .where('name', 'like', 'password.%')
    .orderBy('position')
    .execute()
  assert.deepEqual(
    events.map(({ name, reason, user_id }) => [name, reason, user_id]),
    [
      ['password.reset_requested', 'operator', id],
      ['password.changed', 'reset', id],
    ],
  )
})

test('nothing that is kept is a token, and no log has one', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  const kept = JSON.stringify(await snapshot(service.database))
  assert.ok(!kept.includes(token))
  assert.ok(kept.includes(createHash('sha256').update(token).digest('base64url')))
  assert.equal((await reset(service, token)).status, 200)
  assert.ok(!service.logged().includes(token))
})

test('a new token replaces the old one, also one that was used', async (t) => {
  const { service, id } = await start(t)
  const first = await ask(service, id)
  const second = await ask(service, id)
  assert.notEqual(first, second)
  await isRefused(service, first)
  assert.equal((await reset(service, second)).status, 200)
  const third = await ask(service, id)
  await isRefused(service, second)
  assert.equal((await reset(service, third, OTHER)).status, 200)
  assert.equal(await logIn(service, OTHER), 200)
})

test('it expires, and a clock that is set back does not help a used one', async (t) => {
  const { service, id } = await start(t, { passwordResetTtl: 10 * MINUTE })
  const late = await ask(service, id)
  service.clock.now += 10 * MINUTE
  await isRefused(service, late)
  service.clock.now -= 1
  assert.equal((await reset(service, late)).status, 200)
  service.clock.now -= 5 * MINUTE
  await isRefused(service, late, OTHER)
})

test('a password that is not acceptable does not use it up', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  const before = await snapshot(service.database)
  for (const [password, reason] of [
    ['short', 'too_short'],
    ['password1', 'common'],
    ['this is Ada, again', 'username_inside'],
    ['ß'.repeat(129), 'too_long'],
  ] as const) {
    const { status, body } = await reset(service, token, password)
    assert.deepEqual([status, body.errors[0].path, body.errors[0].reason], [400, 'new_password', reason])
  }
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal((await reset(service, token)).status, 200)
})

test('the same request again gets the same answer within the grace window, and ends nothing', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  assert.equal((await reset(service, token)).status, 200)
  assert.equal(await logIn(service, NEW), 200)
  service.clock.now += 30_000
  const before = await snapshot(service.database)
  const again = await reset(service, token)
  assert.deepEqual([again.status, again.body.data], [200, { message: 'Password set', sessions_ended: 0 }])
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal(await living(service, id), 1)
  service.clock.now += 1
  await isRefused(service, token)
})

test('another password is no repetition, and after one there is none any more: it may be a guess', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  assert.equal((await reset(service, token)).status, 200)
  assert.deepEqual((await reset(service, token, OTHER)).body, REFUSED)
  assert.deepEqual([await logIn(service, OTHER), await logIn(service, NEW)], [401, 200])
  await isRefused(service, token)
  // Many at once are one guess.
  const next = await ask(service, id)
  assert.equal((await reset(service, next)).status, 200)
  const { passwords } = service.core
  const verify = t.mock.method(passwords, 'verify')
  const guesses = await Promise.all(
    Array.from({ length: 8 }, (_, index) => reset(service, next, `${OTHER} ${index}`)),
  )
  assert.deepEqual(
    guesses.map(({ status }) => status),
    guesses.map(() => 401),
  )
  assert.equal(verify.mock.callCount(), 1)
})

test('without a grace window nothing is repeated', async (t) => {
  const { service, id } = await start(t, { grace: 0 })
  const token = await ask(service, id)
  assert.equal((await reset(service, token)).status, 200)
  await isRefused(service, token)
})

test('at once with other passwords: one wins, and that is the password', async (t) => {
  const { service, id } = await start(t)
  for (let round = 0; round < 4; round++) {
    const token = await ask(service, id)
    const wanted = Array.from({ length: 4 }, (_, index) => `of round ${round}, the ${index}th`)
    const answers = await Promise.all(wanted.map((password) => reset(service, token, password)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401])
    for (const [index, password] of wanted.entries())
      assert.equal(await logIn(service, password), answers[index]?.status)
  }
})

test('at once with the same password: all succeed, and the sessions ended once', async (t) => {
  const { service, id } = await start(t)
  await service.login()
  const token = await ask(service, id)
  const answers = await Promise.all(Array.from({ length: 5 }, () => reset(service, token)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
  assert.deepEqual(answers.map(({ body }) => body.data.sessions_ended).sort(), [0, 0, 0, 0, 1])
})

test('logins with the old password at the same time: none of them has a session afterwards', async (t) => {
  const { service, id } = await start(t, { password: { minLength: 8, memory: 1024, iterations: 1 } })
  let [old, next] = [PASSWORD, NEW]
  for (let round = 0; round < 4; round++) {
    const token = await ask(service, id)
    const logins = Array.from({ length: 6 }, () => service.tryLogin(old))
    const [set, ...answers] = await Promise.all([reset(service, token, next), ...logins])
    assert.equal(set.status, 200)
    assert.ok(answers.every(({ status }) => status === 200 || status === 401))
    assert.equal(await living(service, id), 0, `round ${round}`)
    assert.equal(await logIn(service, old), 401)
    ;[old, next] = [next, old]
  }
})

/** What ends a token that is under way, and whether it is good again later */
const between: Readonly<Record<string, (service: Service, id: string) => Promise<Answer>>> = {
  'the user changes the password': async (service) => {
    const login = await service.tryLogin()
    if (login.status !== 200) return login
    const bearer = login.body.data.access_token
    const json = { current_password: PASSWORD, new_password: OTHER }
    return service.request('/api/auth/password', { bearer, json })
  },
  'an operator sets the password': (service, id) =>
    admin(service, `${id}/password`, { method: 'PUT', json: { password: OTHER } }),
  'the user is deactivated': (service, id) => admin(service, `${id}/deactivate`),
  'the user is deactivated and activated again': async (service, id) => {
    await admin(service, `${id}/deactivate`)
    return admin(service, `${id}/activate`)
  },
  'the user is deleted': (service, id) => admin(service, id, { method: 'DELETE' }),
}

for (const [name, act] of Object.entries(between)) {
  test(`${name}: a token from before is refused like an unknown one`, async (t) => {
    const { service, id } = await start(t)
    const token = await ask(service, id)
    assert.equal((await act(service, id)).status, 200)
    await isRefused(service, token)
    await isRefused(service, 'made up')
  })

  test(`${name} at the same time: in one order or the other`, async (t) => {
    const service = await startService(t)
    for (let round = 0; round < 4; round++) {
      const { id } = await service.register()
      const token = await ask(service, id)
      const [acted, { status }] = await Promise.all([act(service, id), reset(service, token)])
      // The user was overtaken: the current password is no longer that, or the session has ended.
      assert.ok([200, 401, 403].includes(acted.status), `${acted.status}`)
      assert.ok(status === 200 || status === 401)
      assert.ok(acted.status === 200 || status === 200, 'one of them takes effect')
      if (acted.status === 200 && status === 401) await isRefused(service, token)
      assert.ok((await living(service, id)) <= (acted.status === 200 ? 1 : 0))
      await admin(service, id, { method: 'DELETE' })
    }
  })
}

test('a password that was set since cannot be taken back by a repetition', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  assert.equal((await reset(service, token)).status, 200)
  assert.equal(
    (await admin(service, `${id}/password`, { method: 'PUT', json: { password: OTHER } })).status,
    200,
  )
  await isRefused(service, token)
  assert.equal(await logIn(service, OTHER), 200)
})

test('a renamed user is the same one, and the rules know the new name', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  await admin(service, `${id}/username`, { method: 'PUT', json: { username: 'lovelace' } })
  const { body } = await reset(service, token, 'I am Lovelace myself')
  assert.equal(body.errors[0].reason, 'username_inside')
  assert.equal((await reset(service, token)).status, 200)
  assert.equal((await service.tryLogin(NEW, 'lovelace')).status, 200)
})

test('no token for those who are deactivated or unknown; for those without a password there is', async (t) => {
  const { service, id } = await start(t)
  await admin(service, `${id}/deactivate`)
  assert.equal((await admin(service, `${id}/password_reset`)).body.message, 'User is inactive.')
  const nobody = '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21'
  assert.equal((await admin(service, `${nobody}/password_reset`)).body.message, 'User not found.')
  const created = await service.request('/admin/users', { bearer: ADMIN_TOKEN, json: { username: 'grace' } })
  assert.equal((await reset(service, await ask(service, created.body.data.id))).status, 200)
  assert.equal((await service.tryLogin(NEW, 'grace')).status, 200)
})

test('guesses are counted by address, a good token always passes, and an unfit password is no guess', async (t) => {
  const limits = { ...NO_LIMITS, failuresAddress: { points: 20, seconds: 60 } }
  const { service, id } = await start(t, { limits })
  const token = await ask(service, id)
  for (let count = 0; count < 30; count++)
    assert.equal((await reset(service, token, 'password1')).status, 400)
  const statuses = []
  for (let count = 0; count < 30; count++) statuses.push((await reset(service, `guess ${count}`)).status)
  assert.deepEqual([...new Set(statuses)], [401, 429])
  // A process may allow a tenth more.
  assert.ok(statuses.filter((status) => status === 401).length <= 22)
  assert.equal((await service.refresh('not a token')).status, 429, 'the limit is that of all tokens')
  assert.equal((await reset(service, token)).status, 200)
})

testOnce('a token that is refused takes no turn and no hash, whatever is wrong with it', async (t) => {
  const service = await startService(t)
  const of = async (username: string) => ask(service, (await service.register(username)).id)
  const id = async (username: string) =>
    (await service.request(`/admin/users?username=${username}`, { bearer: ADMIN_TOKEN })).body.data.users[0]
      .id
  const tokens: Record<string, string> = { unknown: 'x'.repeat(43), expired: await of('expired') }
  service.clock.now += 30 * MINUTE
  for (const name of ['used', 'replaced', 'deactivated', 'deleted']) tokens[name] = await of(name)
  assert.equal((await reset(service, String(tokens['used']))).status, 200)
  service.clock.now += MINUTE
  await ask(service, await id('replaced'))
  await admin(service, `${await id('deactivated')}/deactivate`)
  await admin(service, await id('deleted'), { method: 'DELETE' })
  const { passwords } = service.core
  const [hash, verify] = [t.mock.method(passwords, 'hash'), t.mock.method(passwords, 'verify')]
  const end = crowd({ t, service })
  for (const token of Object.values(tokens)) await isRefused(service, token)
  end()
  assert.deepEqual([hash.mock.callCount(), verify.mock.callCount()], [0, 0])
})

test('failed logins do not keep the owner out who has reset the password there', async (t) => {
  const { service, id } = await start(t, {
    limits: { ...LIMITS, loginAccount: { points: 6, seconds: 3600 } },
    trustProxy: 1,
  })
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
  const [home, elsewhere] = ['192.0.2.7', '198.51.100.7']
  for (let count = 0; count < 8; count++) await service.tryLogin('forgotten', 'ada', from(home))
  assert.equal((await service.tryLogin(PASSWORD, 'ada', from(home))).status, 429)
  assert.equal((await service.tryLogin(PASSWORD, 'ada', from(elsewhere))).status, 200)
  assert.equal((await reset(service, await ask(service, id), NEW, from(home))).status, 200)
  assert.equal((await service.tryLogin(NEW, 'ada', from(home))).status, 200)
})

test('strangers who guess keep failing: their counters stay', async (t) => {
  const { service, id } = await start(t, {
    limits: { ...NO_LIMITS, loginAccount: { points: 3, seconds: 3600 } },
    trustProxy: 1,
  })
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
  for (let count = 0; count < 4; count++) await service.tryLogin('a guess', 'ada', from('203.0.113.5'))
  assert.equal((await service.tryLogin(PASSWORD, 'ada', from('192.0.2.7'))).status, 429)
  assert.equal((await reset(service, await ask(service, id), NEW, from('192.0.2.7'))).status, 200)
  assert.equal((await service.tryLogin(NEW, 'ada', from('192.0.2.7'))).status, 200)
  assert.equal((await service.tryLogin('a guess', 'ada', from('203.0.113.5'))).status, 429)
})

test('pruning takes those that have expired, and leaves those that are good or repeatable', async (t) => {
  const { service, id } = await start(t)
  const { id: other } = await service.register('grace')
  const tokens = [await ask(service, id), await ask(service, other)]
  const rows = () => service.core.db.selectFrom('password_resets').select('user_id').execute()
  service.clock.now += 29.9 * MINUTE
  assert.equal((await reset(service, tokens[0] ?? '')).status, 200)
  service.clock.now += 20_000
  await pruneAll(service.core)
  assert.equal((await rows()).length, 2)
  assert.equal((await reset(service, tokens[0] ?? '')).status, 200)
  service.clock.now += 1 * DAY
  await pruneAll(service.core)
  assert.deepEqual(await rows(), [])
})

testOnce('a page of another site cannot use a token with the cookie of the browser', async (t) => {
  const { service, id } = await start(t)
  const token = await ask(service, id)
  const { refreshToken } = await service.login()
  const cookie = `refresh_token=${refreshToken}`
  const answer = await reset(service, token, NEW, {
    cookie,
    headers: { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
  })
  assert.equal(answer.body.message, 'Cross-site request refused.')
  assert.equal((await reset(service, token)).status, 200)
})
