/** The client's session against the real service: what ends it, and what must not end it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { SessionOptions } from '../../src/client/index.ts'
import { RefreshError } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, NO_LIMITS, realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

async function loggedIn(t: TestContext, options: Partial<SessionOptions> = {}) {
  const service = await startService(t)
  await service.register()
  const name = randomUUID()
  const tab = openTab(t, service, name, options)
  await logIn(service, tab)
  const me = ({ session }: Tab = tab) => session.fetch(`${service.url}/api/auth/me`)
  return { service, tab, name, me }
}

// Access tokens last 30 minutes. The test controls the service's clock; the client only sees the 401.
const expire = (service: Service) => {
  service.clock.now += 31 * MINUTE
}
const row = ({ core }: Service) => core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
const statuses = (answers: readonly Response[]) => [...new Set(answers.map(({ status }) => status))]

test('refreshes ahead of expiry, by itself', async (t) => {
  const service = await startService(t, { accessTokenTtl: 2000 }, realClock)
  await service.register()
  const tab = openTab(t, service, randomUUID())
  await logIn(service, tab)
  await until(() => tab.refreshed.length === 3)
  assert.equal((await tab.session.fetch(`${service.url}/api/auth/me`)).status, 200)
  assert.equal((await row(service)).generation, 2)
  assert.deepEqual(
    tab.sent.filter((line) => !line.endsWith('200')),
    [],
  )
})

test('50 requests that meet an expired token: one refresh, and each is repeated once', async (t) => {
  const { service, tab, me } = await loggedIn(t)
  expire(service)
  assert.deepEqual(statuses(await Promise.all(Array.from({ length: 50 }, () => me()))), [200])
  assert.equal((await row(service)).generation, 1)
  assert.equal(tab.sent.filter((line) => line === '/refresh_token 200').length, 1)
  assert.equal(tab.sent.filter((line) => line === '/api/auth/me 200').length, 50)
})

test('answers lost after the server has acted: the same token again, and the session goes on', async (t) => {
  const { service, tab } = await loggedIn(t)
  expire(service)
  tab.session.fetch(`${service.url}/api/auth/me`).catch(() => {})
  await until(() => tab.sent.includes('/api/auth/me 401'))
  tab.lose(3)
  await until(() => tab.refreshed.length === 2)
  assert.equal(tab.sent.filter((line) => line === '/refresh_token lost').length, 3)
  assert.equal((await row(service)).generation, 1)
  assert.equal((await row(service)).revoked_at, null)
  assert.deepEqual(tab.ended, [])
})

test('tokens last from the try that was answered: those before it take nothing away', async (t) => {
  const { service, tab, me } = await loggedIn(t, { backoff: 200 })
  expire(service)
  const request = me()
  await until(() => tab.sent.includes('/api/auth/me 401'))
  tab.lose(1)
  await until(() => tab.sent.includes('/refresh_token lost'))
  const failedAt = Date.now()
  await request
  assert.ok((tab.refreshed[1]?.receivedAt ?? 0) >= failedAt + 190)
})

test('no network: the request fails, the session does not, and goes on when there is one', async (t) => {
  const { service, tab, me } = await loggedIn(t, { tries: 2 })
  expire(service)
  tab.offline = true
  await assert.rejects(me(), TypeError)
  assert.deepEqual(tab.ended, [])
  tab.offline = false
  assert.equal((await me()).status, 200)
})

test('a refresh that cannot be had leaves the 401 as the answer', async (t) => {
  const { service, tab, me } = await loggedIn(t, {
    tries: 2,
    fetch: (input, init) =>
      (input as Request).url.endsWith('/refresh_token')
        ? Promise.reject(new TypeError())
        : checkedFetch(input, init),
  })
  expire(service)
  assert.equal((await me()).status, 401)
  assert.deepEqual(tab.ended, [])
})

for (const [what, response] of [
  ['a 404 of something in between', () => new Response('<h1>Not Found</h1>', { status: 404 })],
  ['a 403 of something in between, in JSON', () => Response.json({ error: 'forbidden' }, { status: 403 })],
  ['a 500', () => Response.json({ status: 'error', code: 500, message: 'x' }, { status: 500 })],
  ['a 503 with Retry-After', () => new Response('', { status: 503, headers: { 'Retry-After': '0' } })],
  ['a 429', () => new Response('', { status: 429, headers: { 'Retry-After': '0' } })],
] as const) {
  test(`${what} is tried again, and ends nothing`, async (t) => {
    let left = 3
    const { service, tab, me } = await loggedIn(t, {
      fetch: (input, init) =>
        (input as Request).url.endsWith('/refresh_token') && left-- > 0
          ? Promise.resolve(response())
          : checkedFetch(input, init),
    })
    expire(service)
    assert.equal((await me()).status, 200)
    assert.deepEqual(tab.ended, [])
  })
}

test('Retry-After is waited for', async (t) => {
  let first: number | undefined
  const { service, me } = await loggedIn(t, {
    fetch: (input, init) => {
      if (!(input as Request).url.endsWith('/refresh_token') || first !== undefined)
        return checkedFetch(input, init)
      first = performance.now()
      return Promise.resolve(new Response('', { status: 503, headers: { 'Retry-After': '1' } }))
    },
  })
  expire(service)
  assert.equal((await me()).status, 200)
  assert.ok(performance.now() - (first ?? 0) >= 1000)
})

test('a session at its limit: the answer at once, nothing is ended, and it goes on later', async (t) => {
  const limits = { ...NO_LIMITS, refreshSession: { points: 1, seconds: 60 } }
  const service = await startService(t, { limits, accessTokenTtl: 20_000 })
  await service.register()
  const tab = openTab(t, service, randomUUID())
  await logIn(service, tab)
  const me = async () => (await tab.session.fetch(`${service.url}/api/auth/me`)).status
  service.clock.now += 21_000
  assert.equal(await me(), 200)
  service.clock.now += 21_000
  const begun = performance.now()
  assert.equal(await me(), 401)
  // It does not wait until the limit is over, which takes a minute.
  assert.ok(performance.now() - begun < 30_000)
  assert.deepEqual([tab.sent.at(-1), tab.ended], ['/refresh_token 429', []])
  service.clock.now += 60_000
  assert.equal(await me(), 200)
  assert.deepEqual(tab.ended, [])
})

test('a refresh ahead of time that is told to wait a minute does not knock all the while', async (t) => {
  let asked = 0
  const service = await startService(t, { accessTokenTtl: 4000 })
  await service.register()
  const tab = openTab(t, service, randomUUID(), {
    // Half of their lifetime is the earliest time.
    refreshAhead: MINUTE,
    fetch: (input, init) => {
      if (!(input as Request).url.endsWith('/refresh_token')) return checkedFetch(input, init)
      asked++
      return Promise.resolve(new Response('', { status: 429, headers: { 'Retry-After': '60' } }))
    },
  })
  await logIn(service, tab)
  const me = () => tab.session.fetch(`${service.url}/api/auth/me`)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  assert.equal(asked, 0)
  await until(() => asked > 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(asked, 1)
  assert.equal((await me()).status, 200)
  assert.deepEqual(tab.ended, [])
})

test('401 to the refresh ends it: once, with the reason, in all tabs, and nothing is sent any more', async (t) => {
  const { service, tab, name, me } = await loggedIn(t)
  const other = openTab(t, service, name)
  await until(async () => (await other.session.accessToken()) !== undefined)
  await service.core.db.updateTable('sessions').set({ revoked_at: 1 }).execute()
  assert.deepEqual(statuses(await Promise.all([me(), me(), me()])), [401])
  await until(() => other.ended.length > 0)
  assert.deepEqual([tab.ended, other.ended], [['refresh_token_invalid'], ['refresh_token_invalid']])
  const before = tab.sent.length
  assert.equal((await me()).status, 401)
  assert.equal(tab.sent.length, before + 1, 'the request itself, without a token')
})

test('a deactivated user (403) and a deleted one (404) end it', async (t) => {
  for (const [change, reason] of [
    [(service: Service) => service.core.db.updateTable('users').set({ deactivated_at: 1 }), 'user_inactive'],
    [(service: Service) => service.core.db.deleteFrom('users'), 'user_not_found'],
  ] as const) {
    const { service, tab, me } = await loggedIn(t)
    expire(service)
    await change(service).execute()
    await me()
    assert.deepEqual(tab.ended, [reason])
  }
})

test('a second login after the end starts anew', async (t) => {
  const { service, tab, me } = await loggedIn(t)
  await tab.session.logout()
  assert.equal(await tab.session.accessToken(), undefined)
  await logIn(service, tab)
  assert.equal((await me()).status, 200)
  assert.deepEqual(tab.ended, ['logout'])
})

test('logout: over here, in the other tabs and on the server, also for a refresh in flight', async (t) => {
  const { service, tab, name, me } = await loggedIn(t)
  const other = openTab(t, service, name)
  await until(async () => (await other.session.accessToken()) !== undefined)
  expire(service)
  const inFlight = me()
  await until(() => tab.sent.includes('/api/auth/me 401'))
  await tab.session.logout()
  await inFlight
  await until(() => other.ended.length > 0)
  assert.deepEqual([tab.ended, other.ended], [['logout'], ['logout']])
  assert.equal(await tab.session.accessToken(), undefined)
  assert.notEqual((await row(service)).revoked_at, null)
})

test('logout without a network: over here all the same, and the caller is told', async (t) => {
  const { tab } = await loggedIn(t, { tries: 2 })
  tab.offline = true
  await assert.rejects(tab.session.logout(), RefreshError)
  assert.deepEqual(tab.ended, ['logout'])
  assert.equal(await tab.session.accessToken(), undefined)
})

test('aborting stops timers, requests and listening', async (t) => {
  const { service, tab, name, me } = await loggedIn(t)
  tab.close()
  expire(service)
  assert.equal((await me()).status, 401)
  const other = openTab(t, service, name)
  assert.equal(await other.session.accessToken(), undefined, 'nobody answers a new tab')
})

test('access-token-only mode exchanges', async (t) => {
  const { service, tab, me } = await loggedIn(t, { mode: 'access' })
  for (let count = 1; count <= 3; count++) {
    expire(service)
    assert.equal((await me()).status, 200)
    assert.equal(tab.sent.filter((line) => line === '/api/auth/refresh 200').length, count)
  }
  assert.equal(tab.sent.includes('/refresh_token 200'), false)
})
