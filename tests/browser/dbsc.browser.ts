/** Device bound sessions in Chromium: https://w3c.github.io/webappsec-dbsc/. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { configure } from '../support/world.ts'
import {
  BOUND,
  bind,
  created,
  dropBoundCookie,
  ended,
  endings,
  isBound,
  logIn,
  movableClock,
  names,
  openPage,
  post,
  prepare,
  refresh,
  SETTINGS,
} from './bound-page.ts'
import { launchBrowser } from './chromium.ts'
import { DBSC_ARGS, openSite } from './https.ts'

test('a login registers a key, the next request binds the session, and the browser renews the cookie', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, events, site } = prepared
  await bind(prepared)
  for (let round = 0; round < 3; round++) {
    await dropBoundCookie(context)
    assert.equal(await refresh(page), 200)
  }
  const cookies = await context.cookies()
  const bound = cookies.find(({ name }) => name === BOUND)
  assert.deepEqual([bound?.httpOnly, bound?.secure, bound?.sameSite], [true, true, 'Strict'])
  // Once for each cookie, and without a second signature for another challenge.
  const renewals = site.seen.filter((line) => line.startsWith('/api/auth/dbsc/refresh'))
  assert.deepEqual(renewals, Array(4).fill('/api/auth/dbsc/refresh 200'))
  assert.deepEqual([created(events), ended(events)], [1, []])
})

test('cookies that were copied to another profile are refused and told, and the owner goes on', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, clock, service, site, events } = prepared
  await bind(prepared)
  const cookies = await context.cookies()
  const thief = await launchBrowser(t, DBSC_ARGS)
  // By `domain` and `path`, Chromium would drop names that begin with __Host-.
  await thief.addCookies(cookies.map(({ domain: _, path: __, ...cookie }) => ({ ...cookie, url: site.url })))
  const { page: theirs } = await openPage(thief, site)
  clock.ahead = 11 * 60_000
  assert.deepEqual([await refresh(theirs), await refresh(theirs)], [503, 401])
  assert.ok((await names(service)).includes('token.unproven'))
  // By its clock, the browser has let the cookie go.
  await dropBoundCookie(context)
  assert.equal(await refresh(page), 200)
  assert.deepEqual(ended(events), [])
})

test('a bound cookie that has expired here, but not by the clock of the browser: it is renewed', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, clock } = prepared
  await bind(prepared)
  clock.ahead = 11 * 60_000
  assert.equal(await refresh(page), 503)
  assert.equal(await refresh(page), 200)
})

test('refreshes that race the registration are all answered, and the session is bound', {
  timeout: 120_000,
}, async (t) => {
  const { page, events, service, site } = await prepare(t)
  // In more rounds Chromium would not sign any more: it does six times in nine minutes.
  for (let round = 1; round <= 2; round++) {
    await logIn(page)
    // Two at a time: of more, one could be overtaken by two rotations, which is reuse whatever the device.
    const statuses = await page.evaluate(async () => {
      const send = () => fetch('/refresh_token', { method: 'POST' }).then(({ status }) => status)
      const statuses: number[] = []
      for (let pair = 0; pair < 8; pair++) statuses.push(...(await Promise.all([send(), send()])))
      return statuses
    })
    assert.deepEqual([...new Set(statuses)], [200], String(await names(service)))
    await until(() => created(events) === round)
    assert.equal(await refresh(page), 200)
    const newest = service.core.db.selectFrom('sessions').orderBy('created_at', 'desc').select('bound_at')
    assert.notEqual((await newest.executeTakeFirst())?.bound_at, null)
  }
  // Once for each login: the refreshes have offered no further registrations.
  assert.equal(site.seen.filter((line) => line.startsWith('/api/auth/dbsc/registration')).length, 2)
  assert.deepEqual(
    ended(events).filter((reason) => reason !== 'RefreshFatalError'),
    [],
  )
})

test('the service restarts, and is away for a while: nobody is logged out', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, service, site, events, clock } = prepared
  await bind(prepared)
  await dropBoundCookie(context)
  site.upstream = undefined
  await assert.rejects(refresh(page))
  await service.stop()
  const next = await startService(t, { ...SETTINGS, database: service.database }, clock)
  site.upstream = next.url
  assert.equal(await refresh(page), 200)
  assert.deepEqual(ended(events), [])
})

test('a logout ends the session in the browser, and the next login registers another key', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, events } = prepared
  await bind(prepared)
  assert.equal(await post(page, '/api/auth/logout'), 200)
  await dropBoundCookie(context)
  await logIn(page)
  await until(() => ended(events).length > 0)
  assert.deepEqual(ended(events), ['RefreshFatalError'])
  await until(() => created(events) === 2)
  assert.equal(await refresh(page), 200)
})

test('six tabs, for 20 s of refreshes and renewals: nobody is logged out', {
  timeout: 180_000,
}, async (t) => {
  const prepared = await prepare(t, '/')
  const { page, context, site, service, events } = prepared
  await page.evaluate(`rekindle.logIn('ada', '${PASSWORD}')`)
  await until(() => created(events) === 1)
  const tabs = [page]
  while (tabs.length < 6) tabs.push((await openPage(context, site, '/')).page)
  for (const tab of tabs) await tab.evaluate('void rekindle.use()')
  for (let round = 0; round < 10; round++) {
    await wait(2000)
    // Chromium stops to renew a cookie that it has to renew all the time.
    if (round % 3 === 2) await dropBoundCookie(context)
  }
  for (const tab of tabs) assert.deepEqual(await endings(tab), [])
  const answers = await Promise.all(tabs.map((tab) => tab.evaluate('rekindle.record.answers')))
  for (const answer of answers) assert.deepEqual(Object.keys(answer as object), ['200'])
  assert.deepEqual([ended(events), await isBound(service)], [[], true])
})

test('a page of another origin of the site, in CORS_ORIGINS: bound, and renewed', {
  timeout: 120_000,
}, async (t) => {
  const [pages, api] = [await openSite(t, './page.ts'), await openSite(t, './page.ts')]
  const service = await startService(t, { ...SETTINGS, corsOrigins: [pages.url] }, movableClock())
  await service.register('ada')
  api.upstream = service.url
  const context = await launchBrowser(t, DBSC_ARGS)
  const { page, events } = await openPage(context, pages)
  await logIn(page, api.url)
  await until(() => created(events) === 1)
  assert.equal(await refresh(page, api.url), 200)
  assert.ok(await isBound(service))
  await dropBoundCookie(context)
  assert.equal(await refresh(page, api.url), 200)
  assert.deepEqual(ended(events), [])
})

test('a page of another origin of the site, which is not in CORS_ORIGINS, does not end the session', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, site, events } = prepared
  await bind(prepared)
  await dropBoundCookie(context)
  const foreign = await openSite(t, './page.ts')
  const { page: theirs } = await openPage(context, foreign)
  const before = site.seen.length
  await theirs.evaluate(
    (url) => fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors' }).catch(() => {}),
    `${site.url}/refresh_token`,
  )
  await until(() => site.seen.slice(before).includes('/refresh_token 403'))
  assert.equal(await refresh(page), 200)
  assert.deepEqual(ended(events), [])
})

test('DBSC is switched off: browsers forget their keys. On again, they go on and register others', {
  timeout: 120_000,
}, async (t) => {
  const prepared = await prepare(t)
  const { page, context, service, events, clock } = prepared
  await bind(prepared)
  configure({ service }, { dbsc: 'off' })
  await dropBoundCookie(context)
  assert.equal(await refresh(page), 200)
  await until(() => ended(events).length === 1)
  configure({ service }, { dbsc: 'optional' })
  clock.ahead = 5 * 60_000
  assert.equal(await refresh(page), 200)
  await until(() => created(events) === 2)
  assert.equal(await refresh(page), 200)
  assert.ok(await isBound(service))
})
