/**
 * Pages of other origins try to use the refresh cookie of a real browser, with its default settings: nothing is rotated,
 * ended or opened. A page of an origin in `CORS_ORIGINS` can, as long as it is of the same site.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { snapshot } from '../support/database.ts'
import { PASSWORD, realClock, startService } from '../support/service.ts'
import { launchBrowser } from './chromium.ts'

const COOKIE = { name: '__Host-refresh_token', secure: true, sameSite: 'Strict' } as const
const LOGIN = { username: 'ada', password: PASSWORD, cookie: true }

/** Pages of another server. Browsers resolve `*.localhost` to this machine and treat it as secure. */
async function openElsewhere(t: TestContext) {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><link rel="icon" href="data:,">')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { sibling: `http://evil.auth.localhost:${port}`, stranger: `http://evil.example.localhost:${port}` }
}

/** A service, and a browser that is logged in to it. */
async function logIn(t: TestContext, corsOrigins: string[]) {
  const service = await startService(t, { cookie: COOKIE, corsOrigins }, realClock)
  await service.register()
  const home = service.url.replace('127.0.0.1', 'auth.localhost')
  const context = await launchBrowser(t)
  const page = await context.newPage()
  await page.goto(`${home}/docs`)
  const status = await page.evaluate(
    `fetch('/api/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: '${JSON.stringify(LOGIN)}' }).then((answer) => answer.status)`,
  )
  assert.equal(status, 200)
  return { service, home, context, page }
}

/** The lines of requests in the log */
const answers = (logged: string): string[] =>
  logged
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === 'request')
    .map(({ method, route, status }) => `${method} ${route} ${status}`)

const cookieOf = async (context: BrowserContext, home: string) =>
  (await context.cookies(home)).find(({ name }) => name === COOKIE.name)?.value

const body = JSON.stringify(LOGIN)
const ATTACKS: Readonly<Record<string, string>> = {
  'fetch refresh': `fetch(home + '/refresh_token', { method: 'POST', credentials: 'include' })`,
  'fetch refresh, no-cors': `fetch(home + '/refresh_token', { method: 'POST', credentials: 'include', mode: 'no-cors' })`,
  'fetch logout, no-cors': `fetch(home + '/api/auth/logout', { method: 'POST', credentials: 'include', mode: 'no-cors' })`,
  'fetch login as text': `fetch(home + '/api/auth/login', { method: 'POST', credentials: 'include', mode: 'no-cors', body: '${body}' })`,
  'fetch login as JSON': `fetch(home + '/api/auth/login', { method: 'POST', credentials: 'include', body: '${body}',
    headers: { 'Content-Type': 'application/json' } })`,
  'fetch with a token': `fetch(home + '/api/auth/logout_all', { method: 'POST', credentials: 'include',
    headers: { Authorization: 'Bearer a.b.c' } })`,
  beacon: `navigator.sendBeacon(home + '/refresh_token')`,
  'beacon as a form': `navigator.sendBeacon(home + '/api/auth/logout', new URLSearchParams({ a: 'b' }))`,
  image: `new Promise((done) => Object.assign(new Image(), { onerror: done, onload: done, src: home + '/refresh_token' }))`,
  script: `new Promise((done) => document.head.append(Object.assign(document.createElement('script'),
    { onerror: done, onload: done, src: home + '/api/auth/logout' })))`,
  'form in a sandbox': `new Promise((done) => document.body.append(Object.assign(document.createElement('iframe'),
    { sandbox: 'allow-forms allow-scripts', onload: () => setTimeout(done, 300), srcdoc: '<form method="post" action="' +
      home + '/refresh_token"></form><script>document.forms[0].submit()</' + 'script>' })))`,
}

// Each of these navigates away from the page.
const FORMS = [
  ['/refresh_token', 'application/x-www-form-urlencoded', 'a', 'b'],
  ['/api/auth/logout', 'multipart/form-data', 'a', 'b'],
  ['/api/auth/logout', 'text/plain', 'a', 'b'],
  // The body is JSON: {"username":…,"x":"="}
  ['/api/auth/login', 'text/plain', `${body.slice(0, -1)},"x":"`, '"}'],
]

const submit = `([action, enctype, name, value]) => {
  const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype })
  form.append(Object.assign(document.createElement('input'), { name, value }))
  document.body.append(form)
  form.submit()
}`

async function attack(page: Page, origin: string, home: string): Promise<void> {
  for (const [name, script] of Object.entries(ATTACKS)) {
    await page.goto(origin)
    const done = `(async () => { const home = '${home}'; const answer = await ${script}; return answer?.type })()`
    const type = await page.evaluate(done).catch((error: Error) => error.message)
    assert.doesNotMatch(String(type), /^(cors|basic|default)$/, `${name} can be read`)
  }
  for (const [path, ...form] of FORMS) {
    await page.goto(origin)
    await page.evaluate(`(${submit})(${JSON.stringify([home + path, ...form])})`)
    await page.waitForURL(home + path)
  }
}

test('pages of other origins rotate, end and open nothing', { timeout: 180_000 }, async (t) => {
  const elsewhere = await openElsewhere(t)
  const { service, home, context, page } = await logIn(t, [])
  const [before, cookie] = [await snapshot(service.database), await cookieOf(context, home)]
  assert.ok(cookie !== undefined)

  for (const origin of [elsewhere.sibling, elsewhere.stranger]) {
    const evil = await context.newPage()
    const start = service.logged().length
    await attack(evil, origin, home)
    // Browsers hide most of these responses from the page.
    const seen = answers(service.logged().slice(start))
    t.diagnostic(`${origin}: ${seen}`)
    assert.ok(seen.length > 12)
    assert.deepEqual(
      seen.filter((answer) => answer.endsWith(' 200')),
      [],
    )
    // A page of the same site gets the cookie from the browser, so the service refused these requests.
    const refused = seen.filter((answer) => answer.endsWith(' 403'))
    assert.equal(refused.length > 5, origin === elsewhere.sibling)
    assert.deepEqual(await snapshot(service.database), before)
    assert.equal(await cookieOf(context, home), cookie)
    await evil.close()
  }

  const own = await page.evaluate(
    `fetch('/refresh_token', { method: 'POST' }).then((answer) => answer.status)`,
  )
  assert.equal(own, 200)
  assert.notEqual(await cookieOf(context, home), cookie)
})

test('an origin in CORS_ORIGINS: of the same site it can refresh, of another one it gets no cookie', {
  timeout: 180_000,
}, async (t) => {
  const { sibling, stranger } = await openElsewhere(t)
  const { service, home, context } = await logIn(t, [sibling, stranger])
  const refresh = async (origin: string) => {
    const page = await context.newPage()
    await page.goto(origin)
    return page.evaluate(
      `fetch('${home}/refresh_token', { method: 'POST', credentials: 'include' })
        .then((answer) => answer.json()).then(({ code, message }) => [code, message])`,
    )
  }
  const cookie = await cookieOf(context, home)
  assert.deepEqual(await refresh(stranger), [401, 'Refresh token missing.'])
  assert.deepEqual(await refresh(sibling), [200, undefined])
  assert.notEqual(await cookieOf(context, home), cookie)
  const rows = await service.core.db.selectFrom('sessions').select('generation').execute()
  assert.deepEqual(rows, [{ generation: 1 }])
})

test('a login for the cookie from another site says what to do, and from localhost to localhost the cookie stays', {
  timeout: 180_000,
}, async (t) => {
  const { sibling } = await openElsewhere(t)
  const origin = sibling.replace('evil.auth.localhost', 'localhost')
  const service = await startService(t, { cookie: COOKIE, corsOrigins: [origin] }, realClock)
  await service.register()
  const context = await launchBrowser(t)
  const page = await context.newPage()
  await page.goto(origin)
  const answer = (url: string, path: string, body?: object) =>
    page.evaluate(
      `fetch('${url + path}', { method: 'POST', credentials: 'include', ${
        body === undefined
          ? ''
          : `headers: { 'Content-Type': 'application/json', traceparent: '00-1-2-01' }, body: '${JSON.stringify(body)}'`
      } }).then((answer) => answer.json()).then(({ code, message }) => [code, message])`,
    ) as Promise<[number, string | undefined]>

  const [code, message] = await answer(service.url, '/api/auth/login', LOGIN)
  assert.equal(code, 403)
  assert.match(message ?? '', /localhost and 127\.0\.0\.1 are two/)
  const home = service.url.replace('127.0.0.1', 'localhost')
  assert.deepEqual(await answer(home, '/api/auth/login', LOGIN), [200, undefined])
  await page.reload()
  assert.deepEqual(await answer(home, '/refresh_token'), [200, undefined])
})
