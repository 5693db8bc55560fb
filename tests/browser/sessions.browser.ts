/** What a session promises, in the pages of Chromium and Firefox: also without the features that older browsers lack. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { ALL, FEATURES } from '../client/without.ts'
import { realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openGateway } from './gateway.ts'
import type { BrowserTab } from './tabs.ts'
import { browsers } from './tabs.ts'

async function prepare(t: TestContext) {
  const service = await startService(t, { grace: 1000 }, realClock)
  const [ada, bob] = [await service.register('ada'), await service.register('bob')]
  const gateway = await openGateway(t, () => 1, './bare-page.ts')
  gateway.upstream = service.url
  const living = async () => {
    const sessions = service.core.db.selectFrom('sessions').where('revoked_at', 'is', null)
    return (await sessions.select('user_id').execute()).map(({ user_id }) => user_id)
  }
  return { service, gateway, living, ada, bob }
}

const begin = (tab: BrowserTab, options = '{}') =>
  tab.run(`void (globalThis.session = client.open(${options}))`)
const told = (tab: BrowserTab) => tab.run('[client.ended, client.users]')
const COOKIE = "{ mode: 'cookie' }"

const STORAGES: Readonly<Record<string, string>> = {
  'that throws': '{ get() { throw new Error() }, set() { throw new Error() } }',
  'that hangs': '{ get: () => new Promise(() => {}), set: () => new Promise(() => {}) }',
  'that takes its time': `(({ get, set }, later = (work) => new Promise((done) => setTimeout(() => done(work()), 50))) =>
    ({ get: () => later(get), set: (stored) => later(() => set(stored)) }))(client.webStorage(() => sessionStorage))`,
}

for (const [name, launch, skip] of browsers) {
  describe(name, { skip }, () => {
    test('without each of the features, and without all of them', { timeout: 120_000 }, async (t) => {
      const { service, gateway } = await prepare(t)
      const browser = await launch(t)
      for (const [what, script] of [...Object.entries(FEATURES), ['all', ALL]] as const) {
        const tab = await browser.newTab(gateway.url, script)
        await begin(tab, '{ storage: client.webStorage(() => localStorage) }')
        await tab.run("client.logIn(session, 'ada', false, { expires_in: 0 })")
        assert.equal(await tab.run('client.me(session)'), 'ada', what)
        await tab.run('session.logout()')
        assert.deepEqual(((await told(tab)) as string[][])[0], ['logout'], what)
        await tab.close()
      }
      const rows = await service.core.db.selectFrom('sessions').select(['generation', 'revoked_at']).execute()
      assert.deepEqual([...new Set(rows.map(({ generation }) => generation))], [1])
      assert.ok(rows.every(({ revoked_at }) => revoked_at !== null))
    })

    for (const [what, storage] of Object.entries(STORAGES)) {
      test(`with a storage ${what}`, { timeout: 180_000 }, async (t) => {
        const { gateway } = await prepare(t)
        const browser = await launch(t)
        const tab = await browser.newTab(gateway.url)
        await begin(tab, `{ storage: ${storage} }`)
        await tab.run("client.logIn(session, 'ada', false, { expires_in: 0 })")
        assert.equal(await tab.run('client.me(session)'), 'ada')
        await tab.run('session.logout()')
        assert.equal(await tab.run('session.accessToken()'), undefined)
        assert.equal(((await told(tab)) as string[][])[0]?.join(), 'logout')
      })
    }

    test('another user logs in in another tab', { timeout: 180_000 }, async (t) => {
      const { gateway, living, ada, bob } = await prepare(t)
      const browser = await launch(t)
      const [first, second] = [await browser.newTab(gateway.url), await browser.newTab(gateway.url)]
      for (const tab of [first, second]) await begin(tab, COOKIE)
      await first.run("client.logIn(session, 'ada', true)")
      await until(async () => (await second.run('session.user?.id')) === ada.id)
      await second.run("client.logIn(session, 'bob', true)")
      await until(async () => (await first.run('session.user?.id')) === bob.id)
      assert.deepEqual(await told(first), [['replaced'], [ada.id, bob.id]])
      assert.deepEqual(await told(second), [[], [ada.id, bob.id]])
      await until(async () => (await living()).join() === bob.id)
      assert.deepEqual(
        [await first.run('client.me(session)'), await second.run('client.me(session)')],
        ['bob', 'bob'],
      )
    })

    test('logged out offline, reloaded, online: logged out', { timeout: 180_000 }, async (t) => {
      const { service, gateway, living } = await prepare(t)
      const browser = await launch(t)
      const tab = await browser.newTab(gateway.url)
      await begin(tab, COOKIE)
      await tab.run("client.logIn(session, 'ada', true)")
      gateway.upstream = undefined
      await tab.run('void session.logout().catch(() => {})')
      await until(async () => (await tab.run('session.state.status')) === 'loggedOut')
      await tab.open(`${gateway.url}/?offline`)
      await begin(tab, COOKIE)
      assert.equal(await tab.run('session.accessToken()'), undefined)
      assert.equal((await living()).length, 1)
      gateway.upstream = service.url
      await tab.open(`${gateway.url}/?online`)
      await begin(tab, COOKIE)
      assert.equal(await tab.run('client.me(session)'), 401)
      await until(async () => (await living()).length === 0)
      assert.deepEqual(await told(tab), [[], []])
      await until(
        async () => (await tab.run('Object.values({ ...localStorage }).join()')) === '{"nobody":true}',
      )

      const asked = gateway.counts.refreshes
      await tab.open(`${gateway.url}/?anonymous`)
      await begin(tab, COOKIE)
      assert.equal(await tab.run('session.accessToken()'), undefined)
      assert.equal(gateway.counts.refreshes, asked)
    })

    test('a duplicated tab with what was stored long ago', { timeout: 180_000 }, async (t) => {
      const { gateway } = await prepare(t)
      const browser = await launch(t)
      const options = '{ storage: client.webStorage(() => sessionStorage) }'
      const [first, second] = [await browser.newTab(gateway.url), await browser.newTab(gateway.url)]
      await begin(first, options)
      await first.run("client.logIn(session, 'ada')")
      const stored = JSON.parse(String(await first.run("sessionStorage.getItem('rekindle')")))
      // Its next use would be a theft: it is older than the predecessor.
      for (let round = 0; round < 3; round++) await first.run('session.refresh()')
      const copy = JSON.stringify({ ...stored, receivedAt: 0 })
      await second.run(`sessionStorage.setItem('rekindle', ${JSON.stringify(copy)})`)
      const before = gateway.counts.refreshes
      await begin(second, options)
      assert.equal(await second.run('client.me(session)'), 'ada')
      assert.equal(gateway.counts.refreshes, before)
      assert.equal(await first.run('session.refresh().then(() => client.me(session))'), 'ada')
    })

    test('a service whose CORS does not name the page is told after one try', {
      timeout: 180_000,
    }, async (t) => {
      const { service, gateway } = await prepare(t)
      const browser = await launch(t)
      const tab = await browser.newTab(gateway.url)
      const count = '(...input) => (globalThis.tries = (globalThis.tries ?? 0) + 1, fetch(...input))'
      await begin(tab, `{ baseUrl: '${service.url}', fetch: ${count} }`)
      await tab.run("client.logIn(session, 'ada')")
      const failure = 'session.refresh().catch(({ message, cause }) => [message, cause.name])'
      assert.deepEqual(await tab.run(failure), ['unreachable', 'TypeError'])
      assert.equal(await tab.run('tries'), 1)
    })
  })
}
