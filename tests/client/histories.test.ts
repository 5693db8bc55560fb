/**
 * Random histories of three tabs: logins of two users, logouts, requests, expiries, reloads and lost networks, many of them at
 * once. A request that is begun as one user is never done as the other, and all tabs agree in the end.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { SessionOptions } from '../../src/client/index.ts'
import { memoryStorage } from '../../src/client/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { MINUTE, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

const SEEDS = Number(process.env['HISTORIES'] ?? 8)
const STEPS = 25

async function openCookieTabs(t: TestContext) {
  const { service, open, logIn } = await openBrowser(t)
  const { get, set } = memoryStorage()
  // As `localStorage` in cookie mode: no tokens
  const storage: SessionOptions['storage'] = {
    get,
    set: (stored) => set(stored && { logout: stored.logout, nobody: stored.nobody }),
  }
  return { service, open: () => open({ storage, tries: 2, backoff: 1 }), logIn }
}

async function openHeaderTabs(t: TestContext) {
  const service = await startService(t)
  for (const username of ['ada', 'grace']) await service.register(username)
  const name = randomUUID()
  const options = { storage: memoryStorage(), tries: 2, backoff: 1 }
  return {
    service,
    open: () => openTab(t, service, name, options),
    logIn: (username: string, tab: Tab) => logIn(service, tab, username),
  }
}

for (const [mode, openTabs] of [
  ['cookie', openCookieTabs],
  ['header', openHeaderTabs],
] as const) {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`${mode} mode, seed ${seed}`, { timeout: 180_000 }, async (t) => {
      const { service, open, logIn } = await openTabs(t)
      const random = seededRandom(seed)
      const tabs = [open(), open(), open()]
      const history: string[] = []
      const wrong: string[] = []

      async function me({ session }: Tab): Promise<string | number | undefined> {
        const begun = session.user?.id
        const response = await session.fetch(`${service.url}/api/auth/me`)
        if (!response.ok) return response.status
        const { data } = (await response.json()) as { data: { id: string } }
        if (begun !== undefined && data.id !== begun) wrong.push(`${data.id} was asked for ${begun}`)
        return data.id
      }

      const work: Promise<unknown>[] = []
      for (let step = 0; step < STEPS; step++) {
        const index = Math.floor(random() * tabs.length)
        const tab = tabs[index] as Tab
        const [what, username] = [random(), random() < 0.5 ? 'ada' : 'grace']
        const act = async () => {
          if (what < 0.25) return tab.offline || logIn(username, tab)
          if (what < 0.4) return tab.session.logout()
          if (what < 0.75) return me(tab)
          if (what < 0.85) service.clock.now += 31 * MINUTE
          else if (what < 0.93) {
            tab.close()
            tabs[index] = open()
          } else tab.offline = !tab.offline
        }
        history.push(`${index}: ${what.toFixed(2)} ${username}`)
        work.push(act().catch(() => {}))
        await (random() < 0.5 ? work.at(-1) : pause(10 * random()))
      }
      await Promise.all(work)
      for (const tab of tabs) tab.offline = false
      assert.deepEqual(wrong, [], history.join('\n'))
      for (const { session } of tabs) await session.refresh()
      const sessions = () => new Set(tabs.map(({ session }) => session.user?.sessionId))
      await until(
        () => sessions().size === 1,
        () => `one session:\n${history.join('\n')}`,
      )
      const users = await Promise.all(tabs.map(me))
      assert.deepEqual(new Set(users), new Set([tabs[0]?.session.user?.id ?? 401]), history.join('\n'))
    })
  }
}
