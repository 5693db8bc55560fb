/** Old copies of tokens, as in a tab that was duplicated or restored: they never speak first. Storages that fail and hang. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Stored, TokenStorage } from '../../src/client/index.ts'
import { createSession, memoryStorage, webStorage } from '../../src/client/index.ts'
import { MINUTE, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

function copyOf(stored: Stored | undefined): TokenStorage {
  const storage = memoryStorage()
  void storage.set(structuredClone(stored))
  return storage
}

test('a restored tab asks the others before it uses what it has stored', async (t) => {
  const service = await startService(t)
  await service.register()
  const name = randomUUID()
  const storage = memoryStorage()
  const tab = openTab(t, service, name, { storage })
  await logIn(service, tab)
  const copy = copyOf(storage.get() as Stored)
  // Beyond the grace window, the copy would look like a theft.
  for (let round = 0; round < 3; round++) {
    service.clock.now += 31 * MINUTE
    await tab.session.refresh()
  }
  const expired = { ...(copy.get() as Stored), receivedAt: Date.now() - 31 * MINUTE }
  void copy.set(expired)
  const restored = openTab(t, service, name, { storage: copy })
  const me = async ({ session }: Tab) => (await session.fetch(`${service.url}/api/auth/me`)).status
  assert.equal(await me(restored), 200)
  assert.equal(await me(tab), 200)
  assert.deepEqual([restored.sent, tab.ended, restored.ended], [['/api/auth/me 200'], [], []])
})

test('a restored tab of one user, while another is logged in, does not act as the first', async (t) => {
  const service = await startService(t)
  await service.register()
  const { id } = await service.register('bob')
  const name = randomUUID()
  const storage = memoryStorage()
  const tab = openTab(t, service, name, { storage })
  await logIn(service, tab)
  const copy = copyOf(storage.get() as Stored)
  await tab.session.logout()
  await logIn(service, tab, 'bob')
  const restored = openTab(t, service, name, { storage: copy })
  const users: (string | undefined)[] = []
  restored.session.subscribe(({ user }) => void users.push(user?.id))
  assert.equal(await restored.session.accessToken(), await tab.session.accessToken())
  assert.deepEqual([...new Set(users)], [undefined, id])
})

test('a restored tab of a session that has ended is told so by the others', async (t) => {
  const service = await startService(t)
  await service.register()
  const name = randomUUID()
  const storage = memoryStorage()
  const tab = openTab(t, service, name, { storage, tries: 1 })
  await logIn(service, tab)
  const copy = copyOf(storage.get() as Stored)
  tab.offline = true
  await tab.session.logout().catch(() => {})
  const restored = openTab(t, service, name, { storage: copy })
  assert.equal(await restored.session.accessToken(), undefined)
  assert.deepEqual(restored.sent, [])
})

const never = () => new Promise<never>(() => {})
const hanging: Readonly<Record<string, Partial<TokenStorage>>> = {
  'is never read': { get: never },
  'is never written': { set: never },
  'does nothing at all': { get: never, set: never },
}
for (const [what, broken] of Object.entries(hanging)) {
  test(`a storage that ${what} holds nobody up`, { timeout: 180_000 }, async (t) => {
    const service = await startService(t)
    await service.register()
    const tab = openTab(t, service, randomUUID(), { storage: { ...memoryStorage(), ...broken } })
    await logIn(service, tab)
    for (let round = 0; round < 3; round++) {
      service.clock.now += 31 * MINUTE
      assert.equal((await tab.session.fetch(`${service.url}/api/auth/me`)).status, 200)
    }
    await tab.session.logout()
    assert.deepEqual(tab.ended, ['logout'])
  })
}

test('a storage that is slow to be read is believed when it answers', { timeout: 180_000 }, async (t) => {
  const service = await startService(t)
  await service.register()
  const { storage, release } = slow()
  const name = randomUUID()
  const first = openTab(t, service, randomUUID(), { storage: storage.quick })
  const { access_token } = await logIn(service, first)
  const tab = openTab(t, service, name, { storage: storage.slow })
  assert.equal(await tab.session.accessToken(), undefined)
  release()
  await until(() => tab.session.state.status === 'loggedIn')
  assert.equal(await tab.session.accessToken(), access_token)
})

function slow() {
  const quick = memoryStorage()
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    storage: { quick, slow: { ...quick, get: async () => promise.then(quick.get) } },
    release: resolve,
  }
}

test('a localStorage that throws when it is touched is an empty one', async (t) => {
  const service = await startService(t)
  await service.register()
  const denied = () => {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  }
  const tab = openTab(t, service, randomUUID(), { storage: webStorage(denied) })
  await logIn(service, tab)
  service.clock.now += 31 * MINUTE
  assert.equal((await tab.session.fetch(`${service.url}/api/auth/me`)).status, 200)
  await tab.session.logout()
  assert.deepEqual(tab.ended, ['logout'])
})

test('no timer is set in the past', async (t) => {
  const warnings: Error[] = []
  const warn = (warning: Error) => void warnings.push(warning)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  const session = createSession({
    baseUrl: 'http://auth.example.com',
    fetch: async () => new Response('', { status: 503, headers: { 'Retry-After': '-5' } }),
    tries: 2,
    backoff: 1,
  })
  await session.start({ access_token: 'a.b.c', refresh_token: 'a.b.c', expires_in: -60 })
  await assert.rejects(session.accessToken(), { name: 'RefreshError', wait: 0 })
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(warnings, [])
})

test('tabs that are restored at once agree on the newest of what they have stored', async (t) => {
  const service = await startService(t)
  await service.register()
  const storage = memoryStorage()
  const before = openTab(t, service, randomUUID(), { storage })
  await logIn(service, before)
  const copies: TokenStorage[] = []
  for (let round = 0; round < 3; round++) {
    copies.push(copyOf({ ...(storage.get() as Stored), receivedAt: Date.now() - 31 * MINUTE }))
    service.clock.now += MINUTE
    await before.session.refresh()
  }
  before.close()
  const name = randomUUID()
  const tabs = copies.map((copy) => openTab(t, service, name, { storage: copy }))
  const tokens = await Promise.all(tabs.map(({ session }) => session.accessToken()))
  assert.equal(new Set(tokens).size, 1)
  assert.deepEqual(
    tabs.flatMap(({ ended }) => ended),
    [],
  )
})
