/**
 * Six tabs of a real browser share one session while access tokens last two seconds. No tab is logged out, whatever
 * happens. When a thief presents a token, all are. `npm run test:browser -- --seconds N --seed S`
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { seededRandom } from '../support/seeded-random.ts'
import { PASSWORD } from '../support/service.ts'
import { launchBrowser } from './chromium.ts'
import type { Gateway } from './gateway.ts'
import { openGateway } from './gateway.ts'
import { restartable } from './restartable.ts'

const SECONDS = Number(process.env['BROWSER_SECONDS'] ?? 60)
const SEED = Number(process.env['BROWSER_SEED'] ?? 20261122)

interface Record {
  readonly ended: string[]
  readonly refreshed: number
  readonly answers: { readonly [what: string]: number }
  readonly last: number
}

const recordOf = (page: Page): Promise<Record> => page.evaluate('rekindle.record')

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction('globalThis.rekindle !== undefined')
  await page.evaluate('void rekindle.use()')
  return page
}

/**
 * Tokens last 2 s and are refreshed when a fifth of that is left. They contain whole seconds: a token that was issued at
 * the end of a second lasts little more than one. Two rotations for one expiry would be closer than this, in ms.
 */
const SHORTEST = 1000

for (const mode of ['cookie', 'header'] as const) {
  const seconds = mode === 'cookie' ? SECONDS : Math.ceil(SECONDS / 3)
  test(`six tabs for ${seconds} s, ${mode} mode, seed ${SEED}`, {
    timeout: 3 * seconds * 1000 + 60_000,
  }, async (t) => {
    const service = await restartable(t, { accessTokenTtl: 2000, grace: 10_000 })
    const gateway = await openGateway(t, seededRandom(SEED))
    gateway.upstream = service.url()
    const context = await launchBrowser(t)
    const url = `${gateway.url}/#${mode}`
    const first = await context.newPage()
    await first.goto(url)
    await first.waitForFunction('globalThis.rekindle !== undefined')
    await service.register('ada')
    await first.evaluate(`rekindle.logIn('ada', '${PASSWORD}')`)
    await first.evaluate('void rekindle.use()')
    const tabs = [first]
    while (tabs.length < 6) tabs.push(await openTab(context, url))

    gateway.losses = 0.3
    await troubles(context, tabs, url, seconds * 1000, async () => {
      gateway.upstream = undefined
      await wait(1500)
      gateway.upstream = await service.restart()
    })
    gateway.losses = 0
    await wait(3000)
    await nobodyNoticed(t, tabs, gateway)
    await thief(tabs, gateway)
  })
}

/** Events spread over the time: a tab dies with the lock, one is frozen with it and woken, the service restarts. */
async function troubles(
  context: BrowserContext,
  tabs: Page[],
  url: string,
  milliseconds: number,
  restart: () => Promise<void>,
): Promise<void> {
  const quarter = milliseconds / 4
  await wait(quarter)
  const dying = tabs.pop() as Page
  await dying.evaluate('rekindle.die()')
  await wait(1500)
  await dying.close()
  tabs.push(await openTab(context, url))

  await wait(quarter - 1500)
  const [freezing] = tabs as [Page]
  await freezing.evaluate('rekindle.holdLock()')
  const devtools = await context.newCDPSession(freezing)
  await devtools.send('Page.enable')
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  await wait(quarter)
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  await restart()
  await wait(quarter)
}

async function nobodyNoticed(t: TestContext, tabs: Page[], gateway: Gateway): Promise<void> {
  const records = await Promise.all(tabs.map(recordOf))
  for (const { ended, answers, last } of records) {
    assert.deepEqual(ended, [], 'no logout')
    assert.deepEqual(
      Object.keys(answers).filter((what) => what !== '200' && what !== 'no network'),
      [],
    )
    assert.ok(Date.now() - last < 2500, 'every tab goes on')
  }
  // The tokens form a line: one token per generation, however often its response was lost and requested again.
  for (const [generation, tokens] of gateway.issued) assert.equal(tokens.size, 1, `generation ${generation}`)
  const rotations = [...gateway.rotations].sort(([a], [b]) => a - b).map(([, rotation]) => rotation)
  const gaps = rotations.map(({ sentAt, byNewTab }, index) =>
    byNewTab ? Infinity : sentAt - (rotations[index - 1]?.sentAt ?? 0),
  )
  assert.ok(Math.min(...gaps) >= SHORTEST, `one rotation for each expiry: ${gaps}`)
  const { refreshes, lost, unreachable } = gateway.counts
  assert.ok(lost > 0 && unreachable > 0)
  t.diagnostic(
    `${rotations.length} rotations, ${refreshes} refreshes, ${lost} answers lost, ${unreachable} unreachable`,
  )
  t.diagnostic(JSON.stringify(records.map(({ answers }) => answers)))
}

/** Presents an early token: the session ends, and every tab is told. */
async function thief(tabs: Page[], gateway: Gateway): Promise<void> {
  const [stolen = ''] = gateway.issued.get(0) ?? []
  const answer = await fetch(`${gateway.url}/refresh_token`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${stolen}` },
  })
  assert.equal(answer.status, 401)
  for (const tab of tabs) {
    await tab.waitForFunction('rekindle.record.ended.length > 0', undefined, { timeout: 10_000 })
    assert.deepEqual((await recordOf(tab)).ended, ['refresh_token_invalid'])
  }
}
