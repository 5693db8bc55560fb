/** The client's session when networks, storages, other tabs and the application itself misbehave. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { SessionOptions, TokenStorage } from '../../src/client/index.ts'
import { createSession, memoryStorage, RefreshError, webStorage } from '../../src/client/index.ts'
import { request } from '../../src/client/request.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

async function loggedIn(t: TestContext, options: Partial<SessionOptions> = {}, rotation = true) {
  const service = await startService(t, { rotation })
  await service.register()
  const name = randomUUID()
  const tab = openTab(t, service, name, options)
  const grant = await logIn(service, tab)
  const me = ({ session }: Pick<Tab, 'session'> = tab) => session.fetch(`${service.url}/api/auth/me`)
  return { service, tab, name, me, grant }
}

const expire = (service: Service) => {
  service.clock.now += 31 * MINUTE
}
const revoked = async ({ core }: Service) =>
  (await core.db.selectFrom('sessions').select('revoked_at').orderBy('id').execute()).map(
    ({ revoked_at }) => revoked_at !== null,
  )
/** Replaces the first responses of a path by responses of other servers. */
const instead = (path: string, count: number, response: () => Response) => (input: unknown, init?: object) =>
  new URL((input as Request).url).pathname === path && count-- > 0
    ? Promise.resolve(response())
    : fetch(input as Request, init)

function webLike(kept = new Map<string, string>()) {
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
  return { kept, storage, shared: webStorage(storage) }
}

test('without rotation the refresh token is kept, as no answer repeats it', async (t) => {
  const { service, tab, me, grant } = await loggedIn(t, {}, false)
  for (let round = 0; round < 3; round++) {
    expire(service)
    assert.equal((await me()).status, 200)
  }
  assert.deepEqual(tab.ended, [])
  assert.deepEqual([...new Set(tab.refreshed.map(({ refreshToken }) => refreshToken))], [grant.refresh_token])
})

test('what is stored: tokens and their times, and when the session is over, what the server has not heard', async (t) => {
  const { kept, shared } = webLike()
  const { service, tab, me, grant } = await loggedIn(t, { storage: shared, tries: 1 })
  expire(service)
  assert.equal((await me()).status, 200)
  assert.deepEqual([...kept.keys()], ['rekindle'])
  const stored = JSON.parse(kept.get('rekindle') ?? '{}')
  assert.deepEqual(Object.keys(stored).toSorted(), [
    'accessToken',
    'expiresIn',
    'receivedAt',
    'refreshToken',
    'sequence',
    'since',
  ])
  assert.notEqual(stored.refreshToken, grant.refresh_token)
  tab.offline = true
  await assert.rejects(tab.session.logout(), RefreshError)
  assert.deepEqual(JSON.parse(kept.get('rekindle') ?? ''), { logout: [stored.refreshToken] })
  tab.offline = false
  await tab.session.logout()
  await until(() => kept.size === 0)
})

test('a logout that the server did not hear is sent by the next one, and then no more', async (t) => {
  const { service, tab } = await loggedIn(t, { tries: 1 })
  tab.offline = true
  await assert.rejects(tab.session.logout(), RefreshError)
  tab.offline = false
  assert.deepEqual(await revoked(service), [false])
  await tab.session.logout()
  assert.deepEqual(await revoked(service), [true])
  const { length } = tab.sent
  await tab.session.logout()
  assert.equal(tab.sent.length, length)
})

test('the application hears of a logout at once, and the server when it can be reached', async (t) => {
  const heard = Promise.withResolvers<void>()
  const { service, tab } = await loggedIn(t, {
    fetch: async (input, init) => {
      await heard.promise
      return fetch(input, init)
    },
  })
  const logout = tab.session.logout()
  await until(() => tab.ended.length === 1)
  assert.deepEqual([tab.ended, tab.sent, await revoked(service)], [['logout'], [], [false]])
  heard.resolve()
  await logout
  assert.deepEqual([tab.sent, await revoked(service)], [['/api/auth/logout 200'], [true]])
})

test('a logout that is refused is none', async (t) => {
  const refusal = { status: 'error', code: 403, message: 'Cross-site request refused.' }
  const { service, tab } = await loggedIn(t, {
    fetch: instead('/api/auth/logout', 1, () => Response.json(refusal, { status: 403 })),
  })
  await assert.rejects(tab.session.logout(), { name: 'RefreshError', message: refusal.message })
  await tab.session.logout()
  assert.deepEqual(await revoked(service), [true])
})

for (const [what, response] of [
  ['the 200 of somebody else', () => Response.json({ ok: true })],
  ['null', () => Response.json(null)],
  ['an envelope without tokens', () => Response.json({ code: 200, data: {} })],
  ['the 401 of a gateway, which has a code as well', () => Response.json({ code: 401 }, { status: 401 })],
  ['the 401 of a proxy', () => Response.json({ message: 'Unauthorized' }, { status: 401 })],
  ['a path that is not there', () => Response.json({ code: 404, message: 'Not found.' }, { status: 404 })],
  [
    'a proxy that lost the origin',
    () => Response.json({ code: 403, message: 'Cross-site request refused.' }, { status: 403 }),
  ],
] as const) {
  test(`${what} ends nothing`, async (t) => {
    const { service, tab, me } = await loggedIn(t, { fetch: instead('/refresh_token', 1, response) })
    expire(service)
    await me()
    assert.deepEqual(tab.ended, [])
    assert.equal((await me()).status, 200)
  })
}

for (const [what, make] of [
  ['half a value', () => webLike(new Map([['rekindle', '{"accessToken":"x']])).shared],
  ['another value', () => webLike(new Map([['rekindle', '{"accessToken":"x","sequence":"9e99"}']])).shared],
  ['a storage that cannot be read', () => ({ ...memoryStorage(), get: () => Promise.reject(new Error()) })],
  [
    'a storage that is full',
    () => {
      const { storage } = webLike()
      const setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
      return webStorage({ ...storage, setItem })
    },
  ],
  ['a storage that fails', () => ({ get: () => undefined, set: () => Promise.reject(new Error()) })],
] as [string, () => TokenStorage][]) {
  test(`${what}: the session goes on in memory`, async (t) => {
    const { service, tab, name, me } = await loggedIn(t, { storage: make() })
    expire(service)
    assert.equal((await me()).status, 200)
    assert.equal((await me(openTab(t, service, name))).status, 200)
    await tab.session.logout()
    assert.deepEqual([tab.ended, await revoked(service)], [['logout'], [true]])
  })
}

test('what can no longer be kept is no longer there: older tokens would look like a theft', async (t) => {
  const { kept, storage } = webLike()
  let isFull = false
  const setItem = (key: string, value: string) => {
    if (isFull) throw new DOMException('full', 'QuotaExceededError')
    storage.setItem(key, value)
  }
  const { service, me } = await loggedIn(t, { storage: webStorage({ ...storage, setItem }) })
  assert.equal(kept.size, 1)
  isFull = true
  expire(service)
  await me()
  assert.equal(kept.size, 0)
})

test('a signal that is aborted at any time ends everything, and nobody hears of it who did not ask', async (t) => {
  const service = await startService(t)
  const closing = (signal: AbortSignal) => createSession({ baseUrl: service.url, signal })
  const early = closing(AbortSignal.abort())
  await assert.rejects(early.accessToken(), { name: 'AbortError' })
  const controller = new AbortController()
  const late = closing(controller.signal)
  controller.abort()
  await assert.rejects(late.fetch(service.url), { name: 'AbortError' })
})

test('a request that is aborted does not wait for the refresh, which goes on', async (t) => {
  let answer = () => {}
  const slow = new Promise<void>((resolve) => {
    answer = resolve
  })
  const { service, tab } = await loggedIn(t, {
    mode: 'header',
    fetch: async (input, init) => {
      if ((input as Request).url.endsWith('/refresh_token')) await slow
      return fetch(input, init)
    },
  })
  expire(service)
  const controller = new AbortController()
  const asked = tab.session.fetch(`${service.url}/api/auth/me`, { signal: controller.signal })
  await until(() => tab.sent.includes('/api/auth/me 401'))
  setTimeout(() => controller.abort(), 20)
  await assert.rejects(asked, { name: 'AbortError' })
  answer()
  await until(() => tab.refreshed.length === 2)
})

test('a login on a page that remembers nothing reaches the other tabs', async (t) => {
  const { service, tab, name, me } = await loggedIn(t)
  const other = openTab(t, service, name)
  for (let round = 0; round < 3; round++) {
    expire(service)
    assert.equal((await me(other)).status, 200)
  }
  await tab.session.logout()
  await until(() => other.ended.length === 1)
  tab.close()
  const reloaded = openTab(t, service, name)
  const { access_token } = await logIn(service, reloaded)
  await until(async () => (await other.session.accessToken()) === access_token)
  assert.equal((await me(other)).status, 200)
})

test('a tab that hears late of an end does not take away what a later login has stored', async (t) => {
  const { kept, shared } = webLike()
  const { service, tab, name, grant } = await loggedIn(t, { storage: shared })
  const later = openTab(t, service, randomUUID(), { storage: shared })
  await until(async () => (await later.session.accessToken()) === grant.access_token)
  const { access_token } = await logIn(service, later)
  const channel = new BroadcastChannel(name)
  channel.postMessage({ ended: { reason: 'logout', message: '' }, session: tab.session.user?.sessionId })
  await until(() => tab.ended.length === 1)
  channel.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.match(kept.get('rekindle') ?? '', new RegExp(access_token))
})

test('two sessions of a process without tabs know nothing of each other', async (t) => {
  const service = await startService(t)
  await service.register()
  await service.register('bob')
  const open = () => ({ session: createSession({ baseUrl: service.url }) })
  const [ada, bob] = [open(), open()]
  const { access_token } = await logIn(service, ada)
  assert.equal(await bob.session.accessToken(), undefined)
  await logIn(service, bob, 'bob')
  await bob.session.logout()
  assert.equal(await ada.session.accessToken(), access_token)
})

test('what one user asked for is not sent as another', async (t) => {
  let answer = () => {}
  const slow = new Promise<void>((resolve) => {
    answer = resolve
  })
  const seen: (string | null)[] = []
  const { service, tab, me } = await loggedIn(t, {
    fetch: async (input, init) => {
      const { url, headers } = input as Request
      if (url.endsWith('/refresh_token')) await slow
      if (url.endsWith('/me')) seen.push(headers.get('Authorization'))
      return fetch(input, init)
    },
  })
  await service.register('bob')
  expire(service)
  const asked = me()
  await until(() => seen.length === 1)
  const bob = await logIn(service, tab, 'bob')
  answer()
  assert.equal((await asked).status, 401)
  assert.equal(seen.length, 1)
  assert.equal(await tab.session.accessToken(), bob.access_token)
})

test('what the application throws stops nothing, and is not lost', async (t) => {
  const thrown: unknown[] = []
  t.mock.method(globalThis, 'queueMicrotask', (work: () => void) => {
    try {
      work()
    } catch (error) {
      thrown.push(error)
    }
  })
  const failing = () => {
    throw new Error('of the application')
  }
  const { service, tab, me } = await loggedIn(t, { onRefreshed: failing, onEnded: failing })
  expire(service)
  assert.equal((await me()).status, 200)
  await tab.session.logout()
  assert.deepEqual(await revoked(service), [true])
  assert.equal(thrown.length, 3)
})

test('all tries begin while the server makes them safe, and each may take longer than the one before', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 })
  const timers = t.mock.method(globalThis, 'setTimeout')
  let sent = 0
  const options = {
    fetch: () => {
      sent++
      t.mock.timers.setTime(Date.now() + 7000)
      return Promise.reject(new TypeError())
    },
    signal: new AbortController().signal,
    timeout: 5000,
    tries: 10,
    backoff: 1,
  }
  const make = async () => new Request('http://127.0.0.1/')
  await assert.rejects(request(make, options), RefreshError)
  assert.equal(sent, 3)
  assert.deepEqual(
    timers.mock.calls.map(({ arguments: [, time] }) => time).filter((time) => Number(time) >= 5000),
    [5000, 10_000, 20_000],
  )
})
