/** Pages of Chromium whose sessions are bound to a device, and what the browser tells of it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import type { Clock, Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './chromium.ts'
import type { Site } from './https.ts'
import { DBSC_ARGS, openSite } from './https.ts'

const NAME = '__Host-refresh_token'
export const BOUND = `${NAME}-bound`
export const SETTINGS = {
  dbsc: 'optional',
  cookie: { name: NAME, secure: true, sameSite: 'Strict' },
  accessTokenTtl: 2000,
} as const

/** The system's clock, which a test can set ahead for the service alone */
export function movableClock(): Clock & { ahead: number } {
  return {
    ahead: 0,
    get now() {
      return Date.now() + this.ahead
    },
  }
}

interface BoundSessionEvent {
  readonly succeeded: boolean
  readonly creationEventDetails?: object
  readonly refreshEventDetails?: { readonly refreshResult: string }
  readonly terminationEventDetails?: { readonly deletionReason: string }
}

/** @param path `/` is the page with the client, which refreshes by itself. */
export async function openPage(context: BrowserContext, { url }: Site, path: '/' | '/bare' = '/bare') {
  const page = await context.newPage()
  const events: BoundSessionEvent[] = []
  const devtools = await context.newCDPSession(page)
  devtools.on('Network.deviceBoundSessionEventOccurred', (event) => events.push(event as BoundSessionEvent))
  await devtools.send('Network.enable')
  await devtools.send('Network.enableDeviceBoundSessions', { enable: true })
  await page.goto(url + path)
  if (path === '/') await page.waitForFunction('globalThis.rekindle !== undefined')
  return { page, events }
}

export async function prepare(t: TestContext, path: '/' | '/bare' = '/bare') {
  const clock = movableClock()
  const service = await startService(t, SETTINGS, clock)
  await service.register('ada')
  const site = await openSite(t, './page.ts')
  site.upstream = service.url
  const context = await launchBrowser(t, DBSC_ARGS)
  return { clock, service, site, context, ...(await openPage(context, site, path)) }
}

/** @param origin of the service, if it is another than that of the page */
export const post = (page: Page, path: string, body?: object, origin = ''): Promise<number> =>
  page.evaluate(
    ([url, json]) =>
      fetch(url as string, {
        method: 'POST',
        credentials: 'include',
        ...(json !== undefined && { headers: { 'Content-Type': 'application/json' }, body: json }),
      }).then(({ status }) => status),
    [origin + path, body && JSON.stringify(body)],
  )
const CREDENTIALS = { username: 'ada', password: PASSWORD, cookie: true }
export const logIn = async (page: Page, origin = '') =>
  assert.equal(await post(page, '/api/auth/login', CREDENTIALS, origin), 200)
export const refresh = (page: Page, origin = '') => post(page, '/refresh_token', undefined, origin)
export const endings = (page: Page): Promise<string[]> => page.evaluate('rekindle.record.ended')

export const created = (events: readonly BoundSessionEvent[]) =>
  events.filter((event) => event.creationEventDetails !== undefined && event.succeeded).length
export const ended = (events: readonly BoundSessionEvent[]) =>
  events.flatMap(({ terminationEventDetails }) => terminationEventDetails?.deletionReason ?? [])

export const isBound = async ({ core }: Service): Promise<boolean> => {
  const rows = await core.db.selectFrom('sessions').select('bound_at').execute()
  return rows.every(({ bound_at }) => bound_at !== null)
}

export const names = async ({ core }: Service): Promise<string[]> =>
  (await core.db.selectFrom('events').select('name').orderBy('position').execute()).map(({ name }) => name)

/** As after nine minutes, when the browser lets it go */
export const dropBoundCookie = (context: BrowserContext) => context.clearCookies({ name: BOUND })

/** Logs in, and makes the request that binds the session */
export async function bind({ page, events, service }: Awaited<ReturnType<typeof prepare>>): Promise<void> {
  await logIn(page)
  await until(() => created(events) === 1)
  assert.equal(await refresh(page), 200)
  assert.ok(await isBound(service))
}
