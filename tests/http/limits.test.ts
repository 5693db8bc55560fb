/** Limits seen by clients: when a request gets 429, that it changes nothing, and which requests are not limited. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import { readSettings } from '../../src/config/settings.ts'
import type { DialectContext } from '../support/database.ts'
import { snapshot, test } from '../support/database.ts'
import type { Answer, Service } from '../support/service.ts'
import { NO_LIMITS, override, PASSWORD, startService } from '../support/service.ts'
import { crowd, forge } from '../support/world.ts'
import { startSecond } from './second.ts'

const start = (
  t: Partial<DialectContext>,
  limits: Partial<Settings['limits']>,
  more: Partial<Settings> = {},
) => startService(t as DialectContext, { ...more, limits: { ...NO_LIMITS, ...limits } })

const logIn = (service: Pick<Service, 'tryLogin'>, password = 'not the password', forwarded?: string) =>
  service.tryLogin(
    password,
    'ada',
    forwarded === undefined ? {} : { headers: { 'X-Forwarded-For': forwarded } },
  )

/** The number of responses by status. */
const tally = (answers: readonly Answer[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  )

const events = (service: Service) =>
  service
    .logged()
    .split('\n')
    .filter((line) => line.includes('"event":"limit.reached"'))
    .map((line) => JSON.parse(line).reason)

const all = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

test('wrong passwords at once on two processes: no more than the limit are looked at', async (t) => {
  const first = await start(t, { loginAccount: { points: 6, seconds: 3600 } })
  const second = await startSecond(t, first)
  await first.register()
  const answers = await all(20, (index) => logIn(index % 2 ? second : first))
  assert.deepEqual(tally(answers), { 401: 6, 429: 14 })
  const before = await snapshot(first.database)
  const refused = await logIn(first, PASSWORD)
  assert.deepEqual(refused.body, { status: 'error', code: 429, message: 'Too many requests.' })
  const header = (name: string) => refused.headers.get(name)
  assert.equal(header('Retry-After'), '3600')
  assert.equal(header('RateLimit'), '"login-account";r=0;t=3600')
  assert.equal(header('RateLimit-Policy'), '"login-account";q=6;w=3600')
  assert.deepEqual(await snapshot(first.database), before)
  assert.deepEqual(events(first), ['login-account'])

  first.clock.now += 3_598_999
  assert.equal((await logIn(second, PASSWORD)).headers.get('Retry-After'), '2', 'of 1001 ms: rounded up')
  first.clock.now += 1001
  await first.login()
})

testOnce('the owner goes on where they were; a failure there makes only that address wait', async (t) => {
  const service = await start(
    t,
    { loginAccount: { points: 2, seconds: 3600 }, loginDelay: true },
    { trustProxy: 1 },
  )
  await service.register()
  assert.equal((await logIn(service, PASSWORD, '192.0.2.1')).status, 200)
  const strangers = await all(4, (index) => logIn(service, 'guess', `198.51.100.${index}`))
  assert.deepEqual(tally(strangers), { 401: 2, 429: 2 })
  assert.equal((await logIn(service, 'a typo', '192.0.2.1')).status, 401)
  assert.equal((await logIn(service, PASSWORD, '192.0.2.1')).status, 200)
  assert.equal((await logIn(service, PASSWORD, '192.0.2.2')).status, 429)
})

testOnce(
  'X-Forwarded-For makes no other address, unless a proxy is trusted, and then its entry only',
  async (t) => {
    const limits = { loginAddress: { points: 2, seconds: 60 } }
    const direct = await start(t, limits)
    assert.deepEqual(tally(await all(4, (index) => logIn(direct, 'guess', `192.0.2.${index}`))), {
      401: 2,
      429: 2,
    })
    const proxied = await start(t, limits, { trustProxy: 1 })
    assert.deepEqual(tally(await all(4, (index) => logIn(proxied, 'guess', `192.0.2.${index}`))), { 401: 4 })
    const spoofed = (index: number) => logIn(proxied, 'guess', `192.0.2.${index}, 203.0.113.1`)
    assert.deepEqual(tally(await all(4, spoofed)), { 401: 2, 429: 2 })
  },
)

testOnce('logins that pages of other sites send are refused before they count', async (t) => {
  const service = await start(t, {
    loginAccount: { points: 2, seconds: 3600 },
    loginAddress: { points: 2, seconds: 3600 },
  })
  await service.register()
  const json = { username: 'ada', password: 'a guess', cookie: true }
  const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
  const foreign = await all(6, () => service.request('/api/auth/login', { json, headers }))
  assert.deepEqual(tally(foreign), { 403: 6 })
  assert.deepEqual(await service.core.db.selectFrom('rate_limits').selectAll().execute(), [])
  await service.login()
})

test('a test suite of 61 registrations and password changes: unlimited in development, 60 in production', async (t) => {
  const answersOf = async (env: NodeJS.ProcessEnv) => {
    const { registerAddress, passwordAddress } = readSettings(env).limits
    const service = await start(t, { registerAddress, passwordAddress })
    const register = (index: number) =>
      service.request('/api/auth/register', { json: { username: `user-${index}`, password: PASSWORD } })
    // One after the other: on a busy machine, some of 61 at once would be told to come again.
    const registered: Answer[] = []
    for (let count = 0; count < 61; count++) registered.push(await register(count))
    const { accessToken: bearer } = await service.login('user-0')
    const json = { current_password: PASSWORD, new_password: PASSWORD }
    const changed: Answer[] = []
    for (let count = 0; count < 61; count++)
      changed.push(await service.request('/api/auth/password', { bearer, json }))
    return [tally(registered), tally(changed)]
  }
  assert.deepEqual(await answersOf({}), [{ 201: 61 }, { 200: 61 }])
  assert.deepEqual(await answersOf({ NODE_ENV: 'production' }), [
    { 201: 60, 429: 1 },
    { 200: 60, 429: 1 },
  ])
})

testOnce('registrations of an address, also those of names that are taken', async (t) => {
  const service = await start(t, { registerAddress: { points: 3, seconds: 60 } })
  const register = (username: string) =>
    service.request('/api/auth/register', { json: { username, password: PASSWORD } })
  await service.register()
  assert.equal((await register('Ada')).status, 409)
  await service.register('grace')
  assert.equal((await register('linus')).headers.get('RateLimit'), '"register";r=0;t=60')
  service.clock.now += 60_000
  await service.register('linus')
})

testOnce(
  'guesses of the current password count as logins do, by the session; changes of an address are counted',
  async (t) => {
    const service = await start(t, {
      loginAccount: { points: 2, seconds: 60 },
      passwordAddress: { points: 5, seconds: 600 },
    })
    await service.register()
    await service.register('grace')
    const { accessToken: bearer } = await service.login('grace')
    const change = (current_password: string, token = bearer, new_password = PASSWORD) =>
      service.request('/api/auth/password', { bearer: token, json: { current_password, new_password } })
    // The current password is not checked, so this is not a guess.
    for (let count = 0; count < 8; count++) {
      assert.equal((await change(PASSWORD, bearer, 'password')).status, 400)
    }
    assert.deepEqual(tally(await all(4, () => change('a guess'))), { 403: 2, 429: 2 })
    assert.equal((await change(PASSWORD)).headers.get('RateLimit-Policy'), '"login-account";q=2;w=60')
    assert.equal((await change(PASSWORD, forge(bearer))).status, 401, 'who may not ask is not counted')
    service.clock.now += 60_000
    assert.deepEqual(tally([await change(PASSWORD), await change(PASSWORD), await change(PASSWORD)]), {
      200: 3,
    })
    assert.equal((await change(PASSWORD)).headers.get('RateLimit'), '"password";r=0;t=540')
  },
)

for (const rotation of [true, false]) {
  test(`a session at its limit: nothing is changed, and later it goes on; rotation ${rotation}`, async (t) => {
    const service = await start(t, { refreshSession: { points: 2, seconds: 60 } }, { rotation })
    await service.register()
    const { refreshToken, accessToken } = await service.login()
    let current = refreshToken
    for (let count = 0; count < 2; count++) {
      current = (await service.refresh(current)).body.data.refresh_token ?? current
    }
    const before = await snapshot(service.database)
    const answers = [await service.refresh(current), await service.exchange(accessToken)]
    for (const { status, headers } of answers) {
      assert.deepEqual([status, headers.get('RateLimit')], [429, '"refresh";r=0;t=60'])
    }
    assert.deepEqual(await snapshot(service.database), before)
    assert.deepEqual(events(service), ['refresh'])
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
    service.clock.now += 60_000
    assert.equal((await service.refresh(current)).status, 200)
    assert.equal((await service.exchange(accessToken)).status, 200)
  })
}

test('at the limit a retry is still answered, and reuse still ends the session', async (t) => {
  const service = await start(t, { refreshSession: { points: 2, seconds: 60 } })
  await service.register()
  const { refreshToken, accessToken } = await service.login()
  const exchanged = await service.exchange(accessToken)
  const { body } = await service.refresh(refreshToken)
  for (let count = 0; count < 3; count++) {
    const replayed = await service.refresh(refreshToken)
    assert.equal(replayed.body.data?.refresh_token, body.data.refresh_token)
    assert.equal((await service.exchange(accessToken)).body.access_token, exchanged.body.access_token)
  }
  assert.equal((await service.refresh(body.data.refresh_token)).status, 429)
  service.clock.now += 30_001
  assert.equal((await service.refresh(body.data.refresh_token)).status, 429)
  assert.equal((await service.refresh(refreshToken)).status, 429, 'a late retry writes')
  override(service.core, { settings: { ...service.core.settings, lateRetry: 0 } })
  assert.equal((await service.refresh(refreshToken)).status, 401)
  assert.match(service.logged(), /token.reuse_detected/)
  assert.equal((await service.refresh(body.data.refresh_token)).status, 401)
})

testOnce('refused tokens of an address: 429 in place of 401, and good tokens pass', async (t) => {
  const service = await start(t, { failuresAddress: { points: 3, seconds: 60 } })
  await service.register()
  const { refreshToken, accessToken } = await service.login()
  const bad = [
    () => service.refresh(forge(refreshToken)),
    () => service.exchange(forge(accessToken)),
    () =>
      service.request('/api/auth/logout', { method: 'POST', cookie: `refresh_token=${forge(refreshToken)}` }),
  ]
  for (const present of bad) assert.equal((await present()).status, 401)
  const before = await snapshot(service.database)
  for (const present of bad) assert.equal((await present()).headers.get('RateLimit'), '"failures";r=0;t=60')
  // No token was presented: a page that checks for a session.
  assert.equal((await service.request('/refresh_token', { method: 'POST' })).status, 401)
  assert.equal((await service.request('/api/auth/logout', { method: 'POST' })).status, 401)
  assert.equal((await service.request('/api/auth/me', { bearer: forge(accessToken) })).status, 401)
  assert.deepEqual(await snapshot(service.database), before)
  assert.deepEqual(events(service), ['failures'])

  assert.equal((await service.refresh(refreshToken)).status, 200)
  assert.equal((await service.exchange(accessToken)).status, 200)
  assert.equal(
    (await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })).status,
    200,
  )
  service.clock.now += 60_000
  assert.equal((await service.refresh(forge(refreshToken))).status, 401)
})

test('without a database: 503, but what needs none does not need it for a limit', async (t) => {
  const service = await start(t, {
    loginAccount: { points: 1, seconds: 60 },
    registerAddress: { points: 1, seconds: 60 },
    failuresAddress: { points: 1, seconds: 60 },
  })
  await service.core.store.close()
  assert.equal((await logIn(service)).status, 503)
  const json = { username: 'ada', password: PASSWORD }
  assert.equal((await service.request('/api/auth/register', { json })).status, 503)
  assert.equal((await service.refresh('nonsense')).status, 401)
})

test('a login that fails for another reason is given back, and nobody waits for its verdict', async (t) => {
  const service = await start(t, { loginAccount: { points: 1, seconds: 60 } })
  await service.register()
  const { passwords } = service.core
  const verify = async () => assert.fail('no hash')
  override(service.core, { passwords: { ...passwords, verify } })
  assert.deepEqual(tally(await all(3, () => logIn(service))), { 500: 3 })
  override(service.core, { passwords })
  await service.login()
})

test('a login that finds the service too busy is not counted', async (t) => {
  const service = await start(t, { loginAccount: { points: 5, seconds: 60 } })
  await service.register()
  const end = crowd({ t, service })
  assert.deepEqual(tally(await all(5, () => logIn(service))), { 503: 5 })
  end()
  assert.deepEqual(await service.core.db.selectFrom('rate_limits').selectAll().execute(), [])
})
