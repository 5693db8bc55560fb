/** The service is killed, the network is cut, clocks are set: nothing is accepted after the bound, nor refused without need. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import { freshDatabase, test } from '../support/database.ts'
import { PASSWORD, REVOCATIONS_TOKEN, realClock, STRONG_SECRET, startService } from '../support/service.ts'
import { post, spawnService } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { outcomeOf, refusedSoon, startVerifier } from './api.ts'
import { network } from './network.ts'

const MAX_STALE = 1500

const login = async (url: string) => {
  const { data } = (await post(`${url}/api/auth/login`, { body: { username: 'ada', password: PASSWORD } }))
    .body
  return { access: String(data['access_token']), refresh: String(data['refresh_token']) }
}

test('SIGKILL of the service: what ended before stays refused, and the others are accepted again', async (t) => {
  const database = await freshDatabase(t, t.dialect)
  const env = {
    JWT_SECRET_KEY: STRONG_SECRET,
    REVOCATIONS_TOKEN,
    DATABASE_URL: database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url,
  }
  const first = await spawnService(t, env)
  await post(`${first.url}/api/auth/register`, { body: { username: 'ada', password: PASSWORD } })
  const [ended, alive, later] = [await login(first.url), await login(first.url), await login(first.url)]
  const options = { keys: { secret: STRONG_SECRET }, revocations: { maxStale: MAX_STALE } }
  const verifier = startVerifier(t, first.url, options)
  await verifier.verify(alive.access)
  // Killed before it can tell anybody: the entry is in the database, perhaps without a position.
  await post(`${first.url}/api/auth/logout`, { token: ended.refresh })
  const logout = performance.now()
  await first.stop('SIGKILL')
  await until(async () => (await outcomeOf(verifier, alive.access)) === 'stale')
  assert.ok(performance.now() - logout < MAX_STALE + 15_000)
  assert.match(await outcomeOf(verifier, ended.access), /^(ended|stale)$/)
  const second = await spawnService(t, { ...env, PORT: new URL(first.url).port })
  await until(async () => (await outcomeOf(verifier, alive.access)) === 'accepted')
  assert.equal(await outcomeOf(verifier, ended.access), 'ended')
  await post(`${second.url}/api/auth/logout`, { token: later.refresh })
  await refusedSoon(verifier, later.access)
})

const start = async (t: TestContext) => {
  const service = await startService(t, {}, realClock)
  await service.register()
  return { service, ...(await service.login()) }
}

testOnce('a cut network: accepted until maxStale after the last answer, and not longer', async (t) => {
  const { service, accessToken, refreshToken } = await start(t)
  const between = network()
  const verifier = startVerifier(t, service.url, {
    fetch: between.fetch,
    revocations: { maxStale: MAX_STALE },
  })
  await verifier.verify(accessToken)
  between.cut()
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  const ended = performance.now()
  for (;;) {
    const begun = performance.now()
    const outcome = await outcomeOf(verifier, accessToken)
    if (outcome === 'accepted')
      assert.ok(begun - ended <= MAX_STALE, `accepted ${begun - ended} ms after the logout`)
    else break
  }
  const other = await service.login()
  assert.equal(await outcomeOf(verifier, other.accessToken), 'stale')
  between.heal()
  await until(async () => (await outcomeOf(verifier, other.accessToken)) === 'accepted')
  assert.equal(await outcomeOf(verifier, accessToken), 'ended')
})

testOnce('a follower that does not read its answers holds up nobody', async (t) => {
  const { service, accessToken, refreshToken } = await start(t)
  const { hostname, port } = new URL(service.url)
  const sockets = Array.from({ length: 50 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.pause()
    socket.write(
      `GET /revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${REVOCATIONS_TOKEN}\r\n\r\n`.repeat(20),
    )
    return socket
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const verifier = startVerifier(t, service.url)
  await verifier.verify(accessToken)
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  await refusedSoon(verifier, accessToken)
})

for (const [name, step] of [
  ['forward', 3_600_000],
  ['back', -3_600_000],
] as const)
  testOnce(`a clock of the service that is set ${name} an hour: no ended session is accepted`, async (t) => {
    const clock = { now: Date.now() }
    const service = await startService(t, {}, clock)
    await service.register()
    const [one, two] = [await service.login(), await service.login()]
    const verifier = startVerifier(t, service.url)
    await service.request('/api/auth/logout', { method: 'POST', bearer: one.refreshToken })
    await refusedSoon(verifier, one.accessToken)
    clock.now += step
    await service.request('/api/auth/logout', { method: 'POST', bearer: two.refreshToken })
    await refusedSoon(verifier, two.accessToken)
    assert.equal(await outcomeOf(verifier, one.accessToken), 'ended')
    // A new verifier sees only what the feed of now has.
    if (step < 0) assert.equal(await outcomeOf(startVerifier(t, service.url), one.accessToken), 'ended')
  })

testOnce('a clock of the verifier that is set back accepts nothing that it has forgotten', async (t) => {
  const service = await startService(t, { accessTokenTtl: 60_000 }, realClock)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  const real = Date.now
  t.after(() => {
    Date.now = real
  })
  const verifier = startVerifier(t, service.url, { revocations: { follow: 'on_demand', maxStale: 500 } })
  assert.equal(await outcomeOf(verifier, accessToken), 'ended')
  // jose reads `new Date()`, so that only the follower's clock goes ahead here: it forgets the entry.
  Date.now = () => real() + 3_600_000
  await outcomeOf(verifier, accessToken)
  assert.equal(verifier.status().entries, 0)
  Date.now = real
  await until(async () => (await outcomeOf(verifier, accessToken)) === 'ended')
})
