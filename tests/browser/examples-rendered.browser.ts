/** The example of a site that renders its pages on its server: with several requests at once, and after a link in a mail. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Hono } from 'hono'
import { proxy } from 'hono/proxy'
import type { BrowserContext, Page } from 'playwright-core'
import { PASSWORD, realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './chromium.ts'
import { copyExamples } from './examples/packed.ts'
import { listening } from './examples/site.ts'

const [ACCESS, REFRESH] = ['__Host-access_token', '__Host-refresh_token']

async function prepare(t: TestContext) {
  const cookie = { name: REFRESH, secure: true, sameSite: 'Strict' } as const
  const service = await startService(t, { cookie, trustProxy: 1 }, realClock)
  await service.register('ada')
  const gate = { opened: Promise.resolve(), reached: 0 }
  const before = new Hono().all('*', async (c) => {
    await gate.opened
    const answer = await proxy(service.url + c.req.path, c.req).catch(() => c.text('nobody is there', 502))
    // As a balancer that always chooses the same process
    answer.headers.append('Set-Cookie', 'balancer=7; Path=/')
    return answer
  })
  const copied = copyExamples(t, await listening(t, before))
  const module = pathToFileURL(await copied.module('backend-for-frontend.ts')).href
  /** A process of the site, which knows nothing of the others */
  async function start(process: string): Promise<string> {
    const { site } = await import(`${module}?${process}`)
    const counted = new Hono().use((_, next) => {
      gate.reached++
      return next()
    })
    return listening(t, counted.route('/', site))
  }
  const first = await start('first')
  return {
    service,
    /** In front of the service. While it is closed, the site waits */
    gate,
    start,
    first,
    // Browsers resolve `*.localhost` to this machine, and take `shop` and `mail` for two sites.
    shop: first.replace('localhost', 'shop.localhost'),
    sessions: () => service.core.db.selectFrom('sessions').selectAll().execute(),
    refreshes: () => service.logged().split('"route":"/refresh_token"').length - 1,
  }
}

async function logIn(page: Page, shop: string): Promise<void> {
  await page.goto(shop)
  await page.locator('[name=username]').fill('ada')
  await page.locator('[name=password]').fill(PASSWORD)
  await page.getByRole('button').click()
  await page.getByRole('heading', { name: 'ada' }).waitFor()
}

const cookieOf = async (context: BrowserContext, name: string) =>
  (await context.cookies()).find((cookie) => cookie.name === name)?.value

test('login, reload, another tab, an expired access token, logout', { timeout: 120_000 }, async (t) => {
  const { service, first, shop, sessions } = await prepare(t)
  const context = await launchBrowser(t)
  const [page, other] = [await context.newPage(), await context.newPage()]
  await page.goto(shop)
  await page.locator('[name=username]').fill('ada')
  await page.locator('[name=password]').fill('not this one')
  await page.getByRole('button').click()
  await page.getByText('Invalid credentials.').waitFor()
  await logIn(page, shop)
  const heading = () => page.locator('h1').textContent()
  await page.reload()
  assert.equal(await heading(), 'ada')
  await other.goto(shop)
  assert.equal(await other.locator('h1').textContent(), 'ada')
  const [session] = await sessions()
  assert.equal(session?.generation, 0)
  assert.match(String(session?.user_agent), /Chrome/)

  const token = await cookieOf(context, REFRESH)
  await context.clearCookies({ name: ACCESS })
  await page.reload()
  assert.equal(await heading(), 'ada')
  assert.notEqual(await cookieOf(context, REFRESH), token)
  assert.deepEqual(
    (await sessions()).map(({ generation }) => generation),
    [1],
  )
  // Another site logs nobody in.
  const foreign = { Origin: 'http://mail.localhost', 'Sec-Fetch-Site': 'cross-site' }
  const body = new URLSearchParams({ username: 'ada', password: PASSWORD })
  assert.equal((await fetch(`${first}/login`, { method: 'POST', headers: foreign, body })).status, 403)
  // Scripts see neither cookie.
  assert.equal(await page.evaluate('document.cookie'), 'balancer=7')

  await other.getByRole('button', { name: 'logout' }).click()
  await other.locator('[name=username]').waitFor()
  await page.reload()
  assert.equal(await page.locator('h1').count(), 0)
  assert.deepEqual(
    (await context.cookies()).map(({ name }) => name),
    ['balancer'],
  )
  assert.notEqual((await sessions())[0]?.revoked_at, null)
  assert.match(service.logged(), /"reason":"logout"/)
})

test('20 requests at once with one cookie, to two processes of the site', { timeout: 180_000 }, async (t) => {
  const { service, gate, first, start, sessions, refreshes } = await prepare(t)
  const second = await start('second')
  const opened = await service.tryLogin(PASSWORD, 'ada', {
    json: { username: 'ada', password: PASSWORD, cookie: true },
  })
  const [Cookie = ''] = opened.headers.getSetCookie()[0]?.split(';') ?? []
  const { promise, resolve: open } = Promise.withResolvers<void>()
  gate.opened = promise
  const asked = Promise.all(
    Array.from({ length: 20 }, (_, index) => fetch(index % 2 ? first : second, { headers: { Cookie } })),
  )
  await until(() => gate.reached === 20)
  open()
  const answers = await asked
  for (const answer of answers) assert.match(await answer.text(), /<h1>ada<\/h1>/)
  const set = answers.map(({ headers }) => headers.getSetCookie().map((cookie) => cookie.split(';')[0]))
  const refreshTokens = new Set(set.map(([token]) => token))
  assert.equal(refreshTokens.size, 1)
  const names = set.map((cookies) => cookies.map((cookie) => cookie?.split('=')[0]).join())
  assert.deepEqual([...new Set(names)], [[REFRESH, 'balancer', ACCESS].join()])
  assert.notEqual([...refreshTokens][0], Cookie)
  assert.equal(refreshes(), 2)
  assert.deepEqual(
    (await sessions()).map(({ generation, revoked_at }) => [generation, revoked_at]),
    [[1, null]],
  )

  await service.stop()
  const { status, headers } = await fetch(first, { headers: { Cookie } })
  assert.equal(status, 503)
  assert.deepEqual(headers.getSetCookie(), [])
})

test('a link in a mail', { timeout: 120_000 }, async (t) => {
  const { shop, sessions } = await prepare(t)
  const mail = (
    await listening(
      t,
      new Hono().get('/', (c) => c.html(`<a href="${shop}/order?id=7">your order</a>`)),
    )
  ).replace('localhost', 'mail.localhost')
  const context = await launchBrowser(t)
  const page = await context.newPage()
  const sent: (string | undefined)[][] = []
  context.on('response', async (response) => {
    const request = response.request()
    if (!request.url().startsWith(`${shop}/order`)) return
    const { cookie = '', 'sec-fetch-site': site } = await request.allHeaders()
    sent.push([site, ...[ACCESS, REFRESH].filter((name) => cookie.includes(name))])
  })
  async function follow(): Promise<(string | undefined)[][]> {
    sent.length = 0
    await page.goto(mail)
    await page.getByText('your order').click()
    await page.locator('h1, form[action="/login"]').first().waitFor()
    assert.equal(page.url(), `${shop}/order?id=7`)
    return sent
  }
  // Nobody is logged in, so the page is loaded again once, and no more.
  assert.deepEqual(await follow(), [['cross-site'], ['same-origin']])
  assert.equal(await page.locator('h1').count(), 0)

  await logIn(page, shop)
  assert.deepEqual(await follow(), [['cross-site', ACCESS]])
  assert.equal(await page.locator('h1').textContent(), 'ada')

  await context.clearCookies({ name: ACCESS })
  assert.deepEqual(await follow(), [['cross-site'], ['same-origin', REFRESH]])
  assert.equal(await page.locator('h1').textContent(), 'ada')
  assert.deepEqual(
    (await sessions()).map(({ generation, revoked_at }) => [generation, revoked_at]),
    [[1, null]],
  )
})
