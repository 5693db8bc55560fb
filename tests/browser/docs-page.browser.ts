/** How the page of /docs looks, what it costs, and that it works below a path. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Hono } from 'hono'
import type { Page } from 'playwright-core'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { launchBrowser } from './chromium.ts'

const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1280, height: 900 }

async function openPage(t: TestContext): Promise<Page> {
  const service = await startService(t)
  const page = await (await launchBrowser(t)).newPage()
  page.on('pageerror', (error) => assert.fail(error))
  await page.goto(`${service.url}/docs`)
  await page.locator('.opblock').first().waitFor()
  return page
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth')

for (const size of [PHONE, DESKTOP]) {
  test(`${size.width} px: nothing is wider, and an open operation is lower than 1,500 px`, {
    timeout: 240_000,
  }, async (t) => {
    const page = await openPage(t)
    await page.setViewportSize(size)
    assert.equal(await overflow(page), 0)
    const operations = await page.locator('.opblock').all()
    assert.ok(operations.length > 25)
    let highest = 0
    for (const operation of operations) {
      const id = await operation.getAttribute('id')
      await operation.locator('.opblock-summary-control').click()
      await operation.locator('.responses-table .response').first().waitFor()
      const height = (await operation.boundingBox())?.height ?? Number.POSITIVE_INFINITY
      assert.ok(height < 1500, `${id}: ${height} px`)
      assert.equal(await overflow(page), 0, `${id}`)
      highest = Math.max(highest, height)
      await operation.locator('.opblock-summary-control').click()
    }
    t.diagnostic(`${operations.length} operations, the highest ${highest} px`)
  })
}

test('errors and headers are folded, and open by mouse and keyboard', { timeout: 180_000 }, async (t) => {
  const page = await openPage(t)
  await page.setViewportSize(PHONE)
  const login = page.locator('.opblock[id$="-login"]')
  await login.locator('.opblock-summary-control').click()
  const of401 = login.getByRole('button', { name: 'The username or the password is wrong' })
  const example = login.getByText('"Invalid credentials."')
  assert.equal(await of401.getAttribute('aria-expanded'), 'false')
  assert.equal(await example.count(), 0)
  await of401.click()
  await example.waitFor()
  await of401.press('Enter')
  await example.waitFor({ state: 'detached' })

  const header = login.getByText('Set-Cookie')
  assert.equal(await header.isVisible(), false)
  await login.getByText('Headers', { exact: true }).first().click()
  assert.equal(await header.isVisible(), true)
  assert.equal(await overflow(page), 0)
})

// The texts of the page and their contrast to what is painted behind them (WCAG 2.2, 1.4.3)
const CONTRASTS = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const behind = (element) => {
    const [r, g, b, alpha = 1] = channels(getComputedStyle(element).backgroundColor)
    if (alpha === 1) return [r, g, b]
    const under = element.parentElement === null ? [255, 255, 255] : behind(element.parentElement)
    return [r, g, b].map((channel, index) => channel * alpha + under[index] * (1 - alpha))
  }
  const luminance = (color) => {
    const [r, g, b] = color.map((channel) => channel / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const texts = document.querySelectorAll(
    '.info p, .info .title, .opblock:not(.opblock-deprecated) :is(.opblock-summary-path, .opblock-summary-description),' +
    '.opblock-description p, .folded-response td, .folded-response p, .examples-select__section-label, summary, h4, h4 *, select')
  return [...texts].filter((element) => element.checkVisibility()).map((element) => {
    const [low, high] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => a - b)
    return [element.outerHTML.slice(0, 80), (high + 0.05) / (low + 0.05)]
  })
})()`

test('light or dark, as the reader prefers and when that changes', { timeout: 180_000 }, async (t) => {
  const page = await openPage(t)
  await page.locator('.opblock[id$="-login"] .opblock-summary-control').click()
  await page.locator('.folded-response').first().waitFor()
  const background = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  for (const [colorScheme, root, painted] of [
    ['dark', 'html.dark-mode', 'rgb(28, 32, 34)'],
    // The browser's own, which is white
    ['light', 'html:not(.dark-mode)', 'rgba(0, 0, 0, 0)'],
    ['dark', 'html.dark-mode', 'rgb(28, 32, 34)'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.locator(root).waitFor()
    // Swagger UI lets some colours fade.
    await page.evaluate(
      'Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => {})',
    )
    assert.equal(await background(), painted)
    const contrasts = (await page.evaluate(CONTRASTS)) as [string, number][]
    assert.ok(contrasts.length > 60)
    assert.deepEqual(
      contrasts.filter(([, contrast]) => contrast < 4.5),
      [],
      colorScheme,
    )
  }
})

const SIZES = `performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .filter(({ name }) => name.startsWith('http'))
  .map(({ name, transferSize }) => [new URL(name).pathname, transferSize])`

test('a visit takes less than 600 kB, and the next one almost nothing', { timeout: 180_000 }, async (t) => {
  const page = await openPage(t)
  const sum = async () => {
    const sizes = (await page.evaluate(SIZES)) as [string, number][]
    assert.ok(sizes.length >= 6, JSON.stringify(sizes))
    return sizes.reduce((total, [, size]) => total + size, 0)
  }
  const first = await sum()
  await page.reload()
  await page.locator('.opblock').first().waitFor()
  const second = await sum()
  t.diagnostic(`${first} bytes, then ${second}`)
  assert.ok(first > 100_000 && first < 600_000, `${first}`)
  assert.ok(second < 6000, `${second}`)
})

test('below a path of another app: / leads to the page, and an operation is tried at the right URL', {
  timeout: 180_000,
}, async (t) => {
  const service = await startService(t)
  await service.register()
  const outer = new Hono().mount('/accounts', createApp(service.core).fetch)
  const listener = await listen(outer as unknown as ReturnType<typeof createApp>, {
    host: '127.0.0.1',
    port: 0,
  })
  t.after(() => listener.close(1000))
  const page = await (await launchBrowser(t)).newPage()
  const asked: string[] = []
  page.on('request', (request) => void (request.method() === 'POST' && asked.push(request.url())))
  await page.goto(`${listener.url}/accounts`)
  assert.equal(page.url(), `${listener.url}/accounts/docs`)
  const login = page.locator('.opblock[id$="-login"]')
  await login.locator('.opblock-summary-control').click()
  await login.getByRole('button', { name: 'Try it out' }).click()
  await login.locator('textarea').fill(JSON.stringify({ username: 'ada', password: PASSWORD }))
  await login.getByRole('button', { name: 'Execute' }).click()
  const status = login.locator('.live-responses-table .response .response-col_status')
  await status.waitFor()
  assert.match(await status.innerText(), /^200/)
  assert.deepEqual(asked, [`${listener.url}/accounts/api/auth/login`])
})
