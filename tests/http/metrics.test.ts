/** GET /metrics: what is counted, exactly once, and what must not be there. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import { createKey, sendProven } from '../../src/conform/provocations/dpop.ts'
import type { Core } from '../../src/http/core.ts'
import { metricsApp } from '../../src/http/metrics-app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import type { ForeignKey } from '../../src/tokens/foreign.ts'
import { createVerifyForeign } from '../../src/tokens/foreign.ts'
import { ADOPTION, FOREIGN_KEY, foreignAccess, foreignRefresh } from '../adoption/foreign.ts'
import { test } from '../support/database.ts'
import type { Request } from '../support/service.ts'
import { DAY, override, PASSWORD, startService } from '../support/service.ts'
import { addUser, logIn } from '../support/session-context.ts'
import { sidOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import type { World } from '../support/world.ts'
import { configure, forge, limit, startWorld } from '../support/world.ts'
import { parseExposition } from './exposition.ts'

const ON = { metrics: { host: '127.0.0.1', port: 0 } }

/** Serves the metrics like `serve`. @returns a function that reads them */
async function startMetrics(t: Pick<TestContext, 'after'>, core: Core) {
  const { url, close } = await listen(metricsApp(core), ON.metrics)
  t.after(() => close(0))
  const get = async (path = '/metrics', method = 'GET') => {
    const response = await fetch(url + path, { method })
    return {
      status: response.status,
      type: response.headers.get('Content-Type'),
      text: await response.text(),
    }
  }
  const read = async () => {
    const { status, text } = await get()
    assert.equal(status, 200, text)
    return parseExposition(text)
  }
  return { get, read }
}

// This test is first, because modules stay loaded.
testOnce('off by default: nothing is counted, nothing is loaded, and nothing is served', async (t) => {
  const { service } = await startWorld(t)
  assert.equal(service.core.metrics, undefined)
  assert.equal((await service.request('/metrics')).status, 404)
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  assert.ok(loaded.some((file) => file.includes('better-sqlite3')))
  assert.ok(!loaded.some((file) => file.includes('prom-client')))
})

testOnce('on: GET /metrics on a port of its own, and nothing else there or elsewhere', async (t) => {
  const service = await startService(t, ON)
  const { get } = await startMetrics(t, service.core)
  const { status, type, text } = await get()
  assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8'])
  const samples = parseExposition(text)
  for (const name of [
    'rekindle_passwords_waiting',
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
  ]) {
    assert.ok(samples.has(name), name)
  }
  assert.ok(![...samples.keys()].some((key) => key.startsWith('rekindle_database_')))
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics/', 'GET'],
    ['/metrics', 'POST'],
    ['/refresh_token', 'POST'],
  ]) {
    assert.equal((await get(path, method)).status, 404, `${method} ${path}`)
  }
  assert.equal((await service.request('/metrics')).status, 404)
})

type LoggedIn = Pick<World, 't' | 'service' | 'user' | 'accessToken' | 'refreshToken'>
type Act = (world: LoggedIn) => unknown
const refreshNow: Act = ({ service, refreshToken }) => service.refresh(refreshToken)
const refreshAs = async ({ service }: LoggedIn, userAgent: string, bearer: string): Promise<string> => {
  const headers = { 'User-Agent': userAgent }
  const { body } = await service.request('/refresh_token', { method: 'POST', bearer, headers })
  return body.data?.refresh_token
}
const exchangeNow: Act = ({ service, accessToken }) => service.exchange(accessToken)
const logout: Act = ({ service, refreshToken }) =>
  service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
const deactivate: Act = ({ service, user }) =>
  deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR)
const remove: Act = ({ service, user }) => deleteUser(service.core.db, user.id, Date.now(), OPERATOR)
const removeSession: Act = ({ service, refreshToken }) =>
  service.core.db.deleteFrom('sessions').where('id', '=', sidOf(refreshToken)).execute()
const wait =
  (span: number): Act =>
  ({ service }) => {
    service.clock.now += span
  }

let next = ''
const exhaust = async (world: LoggedIn) => {
  limit(world)
  next = (await world.service.refresh(world.refreshToken)).body.data.refresh_token
}

/** As a password change does. */
const startAnew: Act = ({ service, user }) =>
  service.core.db
    .updateTable('sessions')
    .set((eb) => ({ generation: eb('generation', '+', 1), start_generation: eb('generation', '+', 1) }))
    .where('user_id', '=', user.id)
    .execute()

// The preparation, and the request that is counted.
/** Binds the session in the database, as a refresh with a proof does. */
const bind = ({ service, user }: LoggedIn, binding: Binding) =>
  service.core.db.updateTable('sessions').set(binding).where('user_id', '=', user.id).execute()

type Binding = { readonly jkt: string } | { readonly device_key: string; readonly bound_at: number }

// A request may have been under way when the session was bound.
const late: Act = async (world) => {
  configure(world, { dbsc: 'optional' })
  await wait(31_000)(world)
  await refreshNow(world)
}
const lateExchange: Act = async (world) => {
  configure(world, { dbsc: 'optional' })
  await wait(31_000)(world)
  await exchangeNow(world)
}

const prove = ({ service }: LoggedIn, path: string, ask: Request) =>
  sendProven({ request: service.request, baseUrl: service.url }, createKey(), path, {
    method: 'POST',
    ...ask,
  })

let bound = { accessToken: '', refreshToken: '' }
const bindByProof: Act = async (world) => {
  configure(world, { bindsAccessTokens: true })
  const { data } = (await prove(world, '/refresh_token', { bearer: world.refreshToken })).body
  bound = { accessToken: data.access_token, refreshToken: data.refresh_token }
}

/** Tokens of another system are adopted, whose key is given. */
const adoptBy =
  (key: ForeignKey): Act =>
  ({ service }) => {
    const verify = createVerifyForeign(key, ADOPTION)
    override(service.core, { adoption: { ...ADOPTION, until: Number.POSITIVE_INFINITY, verify } })
  }
const adopts = adoptBy(FOREIGN_KEY)
// Nothing listens there.
const adoptsLater = adoptBy({ url: 'http://127.0.0.1:9/jwks' })
const tradeRefresh: Act = ({ service, user }) =>
  service.refresh(foreignRefresh({ sub: user.id }, service.clock.now))
const tradeAccess: Act = ({ service, user }) =>
  service.exchange(foreignAccess({ sub: user.id }, service.clock.now))

const refreshes: Readonly<Record<string, readonly [Act, Act]>> = {
  adopted: [adopts, tradeRefresh],
  unavailable: [adoptsLater, tradeRefresh],
  rotated: [() => {}, refreshNow],
  replayed: [refreshNow, refreshNow],
  late: [
    async (world) => {
      await refreshNow(world)
      await wait(31_000)(world)
    },
    refreshNow,
  ],
  shared: [
    async (world) => {
      const copy = await refreshAs(world, 'another', world.refreshToken)
      await refreshAs(world, 'one', await refreshAs(world, 'one', world.refreshToken))
      next = copy
    },
    (world) => refreshAs(world, 'another', next),
  ],
  refreshed: [(world) => configure(world, { rotation: false }), refreshNow],
  invalid: [() => {}, ({ service, refreshToken }) => service.refresh(forge(refreshToken))],
  limited: [exhaust, ({ service }) => service.refresh(next)],
  expired: [wait(31 * DAY), refreshNow],
  unknown_user: [remove, refreshNow],
  inactive_user: [deactivate, refreshNow],
  unknown_session: [removeSession, refreshNow],
  revoked: [logout, refreshNow],
  superseded: [startAnew, refreshNow],
  reused: [
    async (world) => {
      configure(world, { grace: 0 })
      await refreshNow(world)
    },
    refreshNow,
  ],
  off_device: [(world) => bind(world, { device_key: 'a key', bound_at: world.service.clock.now }), late],
  unproven: [(world) => bind(world, { jkt: 'a key' }), refreshNow],
  mismatched: [bindByProof, (world) => prove(world, '/refresh_token', { bearer: bound.refreshToken })],
  // The row has another time of rotation than the token.
  restored: [
    ({ service, user }) =>
      service.core.db
        .updateTable('sessions')
        .set((eb) => ({ rotated_at: eb('rotated_at', '+', 10_000) }))
        .where('user_id', '=', user.id)
        .execute(),
    refreshNow,
  ],
}
const exchanges: Readonly<Record<string, readonly [Act, Act]>> = {
  adopted: [adopts, tradeAccess],
  unavailable: [adoptsLater, tradeAccess],
  exchanged: [() => {}, exchangeNow],
  replayed: [exchangeNow, exchangeNow],
  disabled: [(world) => configure(world, { exchangeWindow: 0 }), exchangeNow],
  invalid: [() => {}, ({ service, accessToken }) => service.exchange(forge(accessToken))],
  limited: [exhaust, exchangeNow],
  expired: [wait(3 * DAY), exchangeNow],
  unknown_user: [remove, exchangeNow],
  inactive_user: [deactivate, exchangeNow],
  unknown_session: [removeSession, exchangeNow],
  revoked: [logout, exchangeNow],
  superseded: [startAnew, exchangeNow],
  off_device: [
    (world) => bind(world, { device_key: 'a key', bound_at: world.service.clock.now }),
    lateExchange,
  ],
  unproven: [(world) => bind(world, { jkt: 'a key' }), exchangeNow],
  mismatched: [
    bindByProof,
    (world) => prove(world, '/api/auth/refresh', { json: { token: bound.accessToken } }),
  ],
  confined: [
    async (world) => {
      configure(world, { exchangeSessions: 'unrotated' })
      await refreshNow(world)
    },
    exchangeNow,
  ],
  reused: [
    async (world) => {
      await exchangeNow(world)
      await wait(31_000)(world)
    },
    exchangeNow,
  ],
}

testOnce('each outcome of a refresh and an exchange is counted once, by its name', async (t) => {
  const service = await startService(t, ON)
  const { read } = await startMetrics(t, service.core)
  const start = await read()
  let users = 0
  const known = (name: string) => [...start.keys()].filter((key) => key.startsWith(`rekindle_${name}_total{`))
  for (const [name, outcomes] of Object.entries({ refreshes, exchanges })) {
    assert.deepEqual(
      new Set(known(name)),
      new Set(Object.keys(outcomes).map((outcome) => keyOf(name, outcome))),
    )
    for (const key of known(name)) assert.equal(start.get(key), 0)

    for (const [outcome, [prepare, act]] of Object.entries(outcomes)) {
      const core = { ...service.core }
      const username = `user-${users++}`
      const id = await addUser(service.core.db, username)
      const { accessToken, refreshToken = '' } = await logIn(service.core, id)
      const world = { t: t as TestContext, service, user: { id, username }, accessToken, refreshToken }
      await prepare(world)
      const before = await read()
      await act(world)
      const after = await read()
      const grown = [...known('refreshes'), ...known('exchanges')].filter(
        (key) => after.get(key) !== before.get(key),
      )
      assert.deepEqual(grown, [keyOf(name, outcome)])
      assert.equal(after.get(keyOf(name, outcome)), Number(before.get(keyOf(name, outcome))) + 1, outcome)
      override(service.core, core)
    }
  }
  const samples = await read()
  assert.equal(samples.get('rekindle_events_total{event="token.reuse_detected"}'), 2)
  assert.equal(samples.get('rekindle_events_total{event="session.restored"}'), 1)
  const answered = Number(
    samples.get('http_request_duration_seconds_count{method="POST",route="/refresh_token",status="200"}'),
  )
  // Five outcomes, and the preparations of a replay, a late retry, a reuse, two limits, a confined exchange, two bindings and
  // two copies
  assert.equal(answered, 16)
})

const keyOf = (name: string, outcome: string) => `rekindle_${name}_total{outcome="${outcome}"}`

testOnce('whatever is sent, the series are as many', async (t) => {
  const { service } = await startWorld(t, ON)
  const { read } = await startMetrics(t, service.core)
  const ask = (path: string, method: string) => fetch(service.url + path, { method }).then((r) => r.text())
  const series = async () => {
    const keys = [...(await read()).keys()]
    return keys.filter((key) => key.startsWith('http_request_duration_seconds_count'))
  }
  await ask('/nowhere', 'GET')
  await ask('/nowhere', 'PURGE')
  const before = await series()
  for (const method of ['PROPFIND', 'SEARCH', 'M-SEARCH', 'LINK', 'UNSUBSCRIBE']) {
    await ask(`/${method}"\\\n{}`, method)
    await ask('/refresh_token', method)
  }
  for (let index = 0; index < 20; index++) await ask(`/x${index}?token=secret-${index}"`, 'GET')
  for (let index = 0; index < 3; index++) await ask(`/docs/${index}`, 'GET')
  const after = await series()
  assert.deepEqual(
    after.filter((key) => !before.includes(key)),
    [
      'http_request_duration_seconds_count{method="other",route="/*",status="405"}',
      'http_request_duration_seconds_count{method="GET",route="/docs/:asset",status="404"}',
    ],
  )
})

test('active sessions, connections, and a scrape while the database is away', async (t) => {
  const { service } = await startWorld(t, ON)
  await service.login()
  const { get, read } = await startMetrics(t, service.core)
  await get()
  // The count has been started, and no request waits for it.
  let samples = await read()
  await until(async () => {
    samples = await read()
    return samples.has('rekindle_active_sessions')
  }, 'never counted')
  assert.equal(samples.get('rekindle_active_sessions'), 2)
  if (t.dialect === 'postgres') {
    assert.ok(Number(samples.get('rekindle_database_connections{state="idle"}')) >= 1)
    assert.equal(samples.get('rekindle_database_waiting'), 0)
  }
  await service.core.store.close()
  await read()
  const login = { json: { username: 'ada', password: PASSWORD } }
  assert.equal((await service.request('/api/auth/login', login)).status, 503)
  const refused = 'http_request_duration_seconds_count{method="POST",route="/api/auth/login",status="503"}'
  assert.equal((await read()).get(refused), 1)
})
