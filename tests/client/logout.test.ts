/** Slow logouts in cookie mode: a user who logs in meanwhile, in any tab, stays logged in. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Grant, SessionOptions } from '../../src/client/index.ts'
import { RefreshError } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import { MINUTE, PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { openTab } from './tab.ts'

/** A browser: its tabs share a session if they have the same name, and one cookie in any case. */
async function openBrowser(t: TestContext) {
  // The name in the contract, because Prism knows no other.
  const service = await startService(t, {
    cookie: { name: '__Host-refresh_token', secure: true, sameSite: 'Strict' },
  })
  await service.register('ada')
  await service.register('grace')
  const shared = randomUUID()
  let jar: string | undefined
  /** The credentials of each logout that reached the service */
  const logouts: string[] = []

  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    if (jar && request.credentials === 'include') request.headers.set('Cookie', jar)
    if (pathname === '/api/auth/logout') {
      logouts.push(['authorization', 'cookie'].filter((name) => request.headers.has(name)).join(' and '))
    }
    const response = await checkedFetch(request)
    const [set] = response.headers.getSetCookie()
    if (set) jar = /Max-Age=0/i.test(set) ? undefined : set.split(';')[0]
    return response
  }

  const open = (options: Partial<SessionOptions> = {}, name = shared) =>
    openTab(t, service, name, { mode: 'cookie', fetch: send, ...options })

  /** A tab whose first logouts are lost; it learns this when the test says so. */
  function openOffline(tries: number, options: Partial<SessionOptions> = {}) {
    let begun = 0
    let fail = () => {}
    const failed = new Promise<void>((resolve) => {
      fail = resolve
    })
    const tab = open({
      ...options,
      fetch: async (input, init) => {
        if (!(input as Request).url.endsWith('/logout') || ++begun > tries) return send(input, init)
        await failed
        throw new TypeError('fetch failed')
      },
    })
    /** Logs out, and returns as soon as the first attempt was sent. */
    const logout = async () => {
      const over = tab.session.logout()
      over.catch(() => {})
      await until(() => begun > 0)
      return { over }
    }
    return { ...tab, logout, fail }
  }

  /** @param tab learns of the login; without it, a page without a session, or with one that has not started, logs in */
  async function logIn(username: string, tab?: Pick<Tab, 'session'>): Promise<void> {
    const response = await send(`${service.url}/api/auth/login`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD, cookie: true }),
    })
    const { data } = (await response.json()) as { data: Grant }
    await tab?.session.start(data)
  }

  async function me({ session }: Pick<Tab, 'session'>): Promise<string | undefined> {
    const response = await session.fetch(`${service.url}/api/auth/me`)
    const { data } = (await response.json()) as { data?: { username: string } }
    return data?.username
  }
  /** The user that a newly loaded page finds logged in by the cookie alone */
  const whoIsIn = () => me(open({}, randomUUID()))
  /** The users whose sessions have not ended */
  const living = async () => {
    const { db } = service.core
    const sessions = db.selectFrom('sessions').innerJoin('users', 'users.id', 'sessions.user_id')
    const rows = await sessions.where('revoked_at', 'is', null).select('username').execute()
    return rows.map(({ username }) => username).sort()
  }
  return { service, logouts, open, openOffline, logIn, me, whoIsIn, living }
}

test('a logout that gets through at once takes the cookie with it', async (t) => {
  const { logouts, open, logIn, whoIsIn, living } = await openBrowser(t)
  const tab = open()
  await logIn('ada', tab)
  await tab.session.logout()
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['authorization and cookie'], [], undefined])
})

for (const [what, username, isStarted] of [
  ['somebody who has logged in since in another tab', 'grace', true],
  ['somebody whose session no tab has started yet', 'grace', false],
  ['the same user, who has logged in again', 'ada', true],
] as const) {
  test(`a logout that is tried again leaves ${what}`, async (t) => {
    const { logouts, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
    const [a, b] = [openOffline(1), open()]
    await logIn('ada', a)
    await until(async () => (await b.session.accessToken()) !== undefined)
    const { over } = await a.logout()
    await until(() => b.ended.length === 1)
    await logIn(username, isStarted ? b : undefined)
    a.fail()
    await over
    assert.deepEqual([logouts, await living()], [['authorization'], [username]])
    assert.equal(await whoIsIn(), username)
    if (isStarted) assert.deepEqual([await me(b), await me(a)], [username, username])
  })
}

test('a logout by the cookie alone is tried again', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  await logIn('ada')
  const a = openOffline(2)
  const { over } = await a.logout()
  a.fail()
  await over
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['cookie'], [], undefined])
})

test('a logout by the cookie alone is given up when it is the cookie of another login', async (t) => {
  const { logouts, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
  await logIn('ada')
  const [a, b] = [openOffline(1), open()]
  const { over } = await a.logout()
  await logIn('grace', b)
  await until(async () => (await me(a)) === 'grace')
  a.fail()
  await assert.rejects(over, RefreshError)
  // This browser has nothing of her session, but the server has not ended it: the caller must learn this.
  assert.deepEqual([logouts, await living(), await whoIsIn()], [[], ['ada', 'grace'], 'grace'])
  await a.session.logout()
  assert.deepEqual([logouts, await living()], [['authorization and cookie'], ['ada']])
})

test('a logout that the next call sends again is of the session that it was of', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  const a = openOffline(1, { tries: 1 })
  await logIn('ada', a)
  const { over } = await a.logout()
  a.fail()
  await assert.rejects(over, RefreshError)
  await logIn('grace')
  await a.session.logout()
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['authorization'], ['grace'], 'grace'])
})

test('two tabs that log out at once, and both try again', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  const [a, b] = [openOffline(1), openOffline(1)]
  await logIn('ada', a)
  await until(async () => (await b.session.accessToken()) !== undefined)
  const [first, second] = await Promise.all([a.logout(), b.logout()])
  await logIn('grace')
  a.fail()
  b.fail()
  await Promise.all([first.over, second.over])
  assert.deepEqual([logouts, a.ended, b.ended], [['authorization', 'authorization'], ['logout'], ['logout']])
  assert.deepEqual([await living(), await whoIsIn()], [['grace'], 'grace'])
})

test('a logout that is tried again ends what another tab has refreshed meanwhile', async (t) => {
  const { service, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
  const a = openOffline(1)
  await logIn('ada', a)
  // It has another name, so it does not learn of the logout, as if it had been asleep.
  const b = open({}, randomUUID())
  const { over } = await a.logout()
  service.clock.now += 31 * MINUTE
  assert.equal(await me(b), 'ada')
  a.fail()
  await over
  assert.deepEqual([await living(), await whoIsIn(), await me(b)], [[], undefined, undefined])
})
