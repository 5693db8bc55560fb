/** A browser with a cookie, in cookie mode. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Grant, SessionOptions } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { openTab } from './tab.ts'

/** Its tabs share a session if they have the same name, and one cookie in any case. */
export async function openBrowser(t: TestContext) {
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
  return { service, send, logouts, open, openOffline, logIn, me, whoIsIn, living }
}
