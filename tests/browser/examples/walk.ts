/** What users of an example do in two tabs of a browser, and what must come of it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { PASSWORD, realClock, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { launchBrowser } from '../chromium.ts'
import { copyExamples } from './packed.ts'
import type { Site } from './site.ts'
import { openSite } from './site.ts'

const COOKIE = { name: '__Host-refresh_token', secure: true, sameSite: 'Strict' } as const

export interface Example {
  /** Sets `session`, `logIn`, and `call(path, json)`, which resolves to the status of a request to the API */
  readonly program: string
  /** Things that are only in a page of this example */
  readonly shown?: (shown: Shown) => Promise<void>
  /** Whether the page has a form for the login, and a button for the logout */
  readonly hasForms?: boolean
}

export interface Shown {
  readonly tabs: readonly Page[]
  readonly site: Site
  /** The one who is logged in */
  readonly user: { readonly id: string }
  /** @returns how many requests for a refresh were sent during something */
  readonly refreshesIn: (work: () => Promise<unknown>) => Promise<number>
}

const call = (tab: Page, path: string, json?: object): Promise<number> =>
  tab.evaluate(`call(${JSON.stringify(path)}, ${JSON.stringify(json)})`)

export async function walk(t: TestContext, { program, shown, hasForms }: Example): Promise<void> {
  const site = await openSite(t)
  const service = await startService(t, { cookie: COOKIE, corsOrigins: [site.url] }, realClock)
  const [ada, bob] = [await service.register('ada'), await service.register('bob')]
  site.script = await copyExamples(t, service.url.replace('127.0.0.1', 'localhost')).bundle(program)
  const context = await launchBrowser(t)
  let refreshes = 0
  context.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/refresh_token')) refreshes++
  })
  const refreshesIn = async (work: () => Promise<unknown>) => {
    const before = refreshes
    await work()
    return refreshes - before
  }
  const [first, second] = [await context.newPage(), await context.newPage()]
  const tabs = [first, second]
  const isUser = (tab: Page, id?: string) =>
    until(async () => (await tab.evaluate('globalThis.session?.user?.id')) === id)
  /** Its access token is refused from now on. */
  async function revoke(tab: Page): Promise<void> {
    assert.equal(await call(tab, 'things'), 200)
    site.refuseUsed()
  }

  for (const tab of tabs) {
    await tab.goto(site.url)
    await until(() => tab.evaluate("globalThis.session?.state.status === 'loggedOut'"))
  }
  if (hasForms) await fillForm(first)
  else await first.evaluate(`logIn('ada', '${PASSWORD}')`)
  await isUser(first, ada.id)
  await isUser(second, ada.id)
  await second.reload()
  await isUser(second, ada.id)

  // Many requests get 401 at once.
  await revoke(first)
  const many = "Promise.all(Array.from({ length: 20 }, (_, id) => call('things/' + id)))"
  const before = site.refused()
  assert.equal(
    await refreshesIn(async () => assert.deepEqual(await first.evaluate(many), Array(20).fill(200))),
    1,
  )
  assert.ok(site.refused() - before > 1)
  await revoke(second)
  assert.equal(await call(second, 'things', { text: 'once' }), 201)
  assert.equal(site.served.filter(([, what]) => what === 'once').length, 1)

  await shown?.({ tabs, site, user: ada, refreshesIn })

  // An API that never says anything else does not use up the refreshes of the session.
  const again = async () =>
    assert.deepEqual([await call(first, 'never'), await call(first, 'never')], [401, 401])
  assert.equal(await refreshesIn(again), 1)

  // Another user logs in while a request is under way: it is not repeated as the other.
  await revoke(first)
  const release = site.hold()
  const begun = call(first, 'things', { text: 'from ada' })
  await until(() => site.waiting() > 0)
  await second.evaluate(`logIn('bob', '${PASSWORD}')`)
  await isUser(first, bob.id)
  release()
  assert.equal(await begun, 401)
  assert.equal(await call(first, 'things', { text: 'from bob' }), 201)
  const [from] = site.served.filter(([, what]) => what.startsWith('from'))
  assert.deepEqual(from, [bob.id, 'from bob'])
  await shown?.({ tabs, site, user: bob, refreshesIn })

  if (hasForms) await first.getByRole('button', { name: 'Log out' }).click()
  else await first.evaluate('session.logout()')
  await isUser(second, undefined)
  const living = service.core.db.selectFrom('sessions').where('revoked_at', 'is', null).select('id')
  await until(async () => (await living.execute()).length === 0)
  await second.reload()
  await until(() => second.evaluate("globalThis.session?.state.status === 'loggedOut'"))
  assert.equal(await call(second, 'things'), 401)
}

async function fillForm(tab: Page): Promise<void> {
  await tab.getByLabel('Username').fill('ada')
  for (const password of ['not this one', PASSWORD]) {
    await tab.getByLabel('Password').fill(password)
    await tab.getByLabel('Username').fill('ada')
    await tab.getByRole('button', { name: 'Log in' }).click()
    if (password !== PASSWORD) await tab.getByText('Invalid credentials.').waitFor()
  }
}
