/** Several tabs of one session. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { SessionOptions, TokenStorage, Tokens } from '../../src/client/index.ts'
import { webStorage } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { openTab } from './tab.ts'

// Real Web Locks, which Node has since 24.5.
const { locks } = navigator as {
  locks?: {
    request(name: string, work: () => Promise<unknown>): Promise<unknown>
    query(): Promise<{ readonly [State in 'held' | 'pending']: readonly { readonly name: string }[] }>
  }
}

/** A storage that all tabs share, like `localStorage`. */
function sharedStorage(): TokenStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
  return { ...webStorage(storage), kept }
}

async function openTabs(t: TestContext, count: number, options: Partial<SessionOptions> = {}) {
  const service = await startService(t)
  await service.register()
  const name = randomUUID()
  const tabs = Array.from({ length: count }, () => openTab(t, service, name, options))
  const { body } = await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })
  await tabs[0]?.session.start(body.data)
  for (const { session } of tabs) await until(async () => (await session.accessToken()) !== undefined)
  const me = ({ session }: Tab) => session.fetch(`${service.url}/api/auth/me`)
  return { service, tabs, name, me, grant: body.data }
}

const generation = async ({ core }: Service) =>
  (await core.db.selectFrom('sessions').select('generation').executeTakeFirstOrThrow()).generation

for (const [what, make] of [
  ['each with a memory of its own', () => ({})],
  ['with one storage', () => ({ storage: sharedStorage() })],
] as const) {
  test(`six tabs, ${what}: one rotation for each expiry`, async (t) => {
    const { service, tabs, me } = await openTabs(t, 6, make())
    for (let round = 1; round <= 5; round++) {
      service.clock.now += 31 * MINUTE
      const answers = await Promise.all(tabs.flatMap((tab) => [me(tab), me(tab)]))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      assert.equal(await generation(service), round)
      for (const { ended } of tabs) assert.deepEqual(ended, [])
    }
  })
}

test('a new tab gets the tokens of one that is open', async (t) => {
  const { service, name, me } = await openTabs(t, 1)
  assert.equal((await me(openTab(t, service, name))).status, 200)
  assert.equal(await generation(service), 0)
})

test('a tab that is frozen with the lock holds the others up for the time limit only', {
  skip: locks === undefined && 'no Web Locks in this Node',
}, async (t) => {
  const { service, tabs, name, me } = await openTabs(t, 2, { lockTimeout: 50 })
  const frozen = assert.rejects(async () => locks?.request(name, () => new Promise(() => {})), {
    name: 'AbortError',
  })
  service.clock.now += 31 * MINUTE
  const answers = await Promise.all(tabs.map(me))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  )
  assert.equal(await generation(service), 1)
  // It has lost the lock, so no other tab waits for it again.
  await frozen
})

test('while one tab refreshes, no other begins, when the tab that they both waited for lets go', {
  skip: locks === undefined && 'no Web Locks in this Node',
}, async (t) => {
  const slow: typeof fetch = async (input, init) => {
    if ((input as Request).url.endsWith('/refresh_token')) await wait(1200)
    return checkedFetch(input as Request, init)
  }
  const { service, tabs, name, me } = await openTabs(t, 2, { lockTimeout: 3000, fetch: slow })
  const [early, late] = tabs as [Tab, Tab]
  // On a slow machine it lets go before the lock is taken away from it, and that is as good.
  const held = locks?.request(name, () => wait(3300)).catch(() => {})
  service.clock.now += 31 * MINUTE
  const answers = await Promise.all([me(early), wait(2250).then(() => me(late))])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  )
  const refreshes = tabs.flatMap(({ sent }) => sent.filter((what) => what.startsWith('/refresh_token')))
  assert.deepEqual(refreshes, ['/refresh_token 200'])
  await held
})

test('a tab that lets go of the lock while another waits for it a second time is not robbed of it', {
  skip: locks === undefined && 'no Web Locks in this Node',
}, async (t) => {
  const { service, tabs, name, me } = await openTabs(t, 1, { lockTimeout: 1000 })
  const letGo = Promise.withResolvers<void>()
  const held = locks?.request(name, () => letGo.promise)
  service.clock.now += 31 * MINUTE
  const answer = me(tabs[0] as Tab)
  const isSecondWait = async () => {
    const { held: taken = [], pending = [] } = (await locks?.query()) ?? {}
    return taken.some((lock) => lock.name === `${name} 2`) && pending.some((lock) => lock.name === name)
  }
  // It fails if the lock is taken away.
  await Promise.race([held, until(isSecondWait)])
  letGo.resolve()
  await held
  assert.equal((await answer).status, 200)
})

test('a tab that slept through rotations takes what the others have, and is no thief', async (t) => {
  const storage = sharedStorage()
  const { service, tabs, grant, me } = await openTabs(t, 2, { storage })
  // It has another name, so it hears nothing of the others, as if it slept.
  const asleep = openTab(t, service, randomUUID(), { storage })
  assert.equal(await asleep.session.accessToken(), grant.access_token)
  for (let round = 0; round < 3; round++) {
    service.clock.now += 31 * MINUTE
    await Promise.all(tabs.map(me))
  }
  assert.equal((await me(asleep)).status, 200)
  assert.equal(asleep.sent.includes('/refresh_token 200'), false)
  assert.deepEqual(asleep.ended, [])
  assert.equal((await me(tabs[0] as Tab)).status, 200)
})

test('an end that was announced late does not end a later login', async (t) => {
  const { service, tabs, name, me } = await openTabs(t, 1)
  const [tab] = tabs as [Tab]
  const session = tab.session.user?.sessionId
  await tab.session.logout()
  const { body } = await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })
  await tab.session.start(body.data)
  const late = new BroadcastChannel(name)
  late.postMessage({ ended: { reason: 'logout', message: '' }, session })
  await new Promise((resolve) => setTimeout(resolve, 50))
  late.close()
  assert.deepEqual(tab.ended, ['logout'])
  assert.equal((await me(tab)).status, 200)
})

test('older tokens that arrive late do not replace newer ones, whatever the clocks say', async (t) => {
  const { service, tabs, name, me } = await openTabs(t, 1)
  const [tab] = tabs as [Tab]
  const [old] = tab.refreshed as [Tokens]
  service.clock.now += 31 * MINUTE
  await me(tab)
  const late = new BroadcastChannel(name)
  late.postMessage({ tokens: { ...old, receivedAt: Date.now() + 3_600_000 } })
  await new Promise((resolve) => setTimeout(resolve, 50))
  late.close()
  assert.notEqual(await tab.session.accessToken(), old.accessToken)
})
