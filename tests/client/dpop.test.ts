/** The option `dpop`: sessions of tabs that are bound to a key. The key of a browser is tested in tests/browser. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Grant, SessionOptions } from '../../src/client/index.ts'
import { memoryStorage } from '../../src/client/index.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD, realClock, startService } from '../support/service.ts'
import { claimsOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

async function start(t: TestContext, overrides: Parameters<typeof startService>[1] = {}) {
  const service = await startService(t, overrides, realClock)
  await service.register()
  return service
}

/** Logs in as an application does that wants the session bound from its beginning. */
async function logInBound({ url }: Service, { session }: Tab): Promise<void> {
  const response = await session.fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'ada', password: PASSWORD }),
  })
  const { data } = (await response.json()) as { data: Grant }
  await session.start(data)
}

const keyIn = (token: string | undefined) => token && (claimsOf(token) as { cnf?: { jkt: string } }).cnf?.jkt

const jktOf = async ({ core }: Service) =>
  (await core.db.selectFrom('sessions').select('jkt').executeTakeFirstOrThrow()).jkt

test('a refresh after the login binds the session, and later ones prove the same key', async (t) => {
  const service = await start(t)
  const tab = openTab(t, service, randomUUID(), { dpop: true })
  await logIn(service, tab)
  await until(() => tab.refreshed.length > 1)
  assert.equal(keyIn(tab.refreshed[1]?.refreshToken), await jktOf(service))
  await tab.session.refresh()
  await tab.session.refresh()
  assert.deepEqual(tab.ended, [])
  // The nonce was asked for once.
  assert.equal(tab.sent.filter((sent) => sent === '/refresh_token 401').length, 1)
  assert.equal((await service.refresh(tab.refreshed.at(-1)?.refreshToken ?? '')).status, 401)
})

test('a page that is woken right after the login still binds the session', async (t) => {
  const page = new EventTarget()
  const window = globalThis as Partial<Pick<EventTarget, 'addEventListener'>>
  window.addEventListener = page.addEventListener.bind(page)
  t.after(() => delete window.addEventListener)
  const service = await start(t)
  const tab = openTab(t, service, randomUUID(), { dpop: true })
  tab.session.subscribe(({ user }) => user && page.dispatchEvent(new Event('focus')))
  await logIn(service, tab)
  await until(() => tab.refreshed.length > 1)
  assert.equal(keyIn(tab.refreshed[1]?.refreshToken), await jktOf(service))
})

test('a login that is sent with session.fetch binds the session at once', async (t) => {
  const service = await start(t)
  const tab = openTab(t, service, randomUUID(), { dpop: true })
  await logInBound(service, tab)
  assert.match((await jktOf(service)) ?? '', /^[\w-]{43}$/)
  assert.equal(
    tab.sent.some((sent) => sent.startsWith('/refresh_token')),
    false,
  )
})

test('tabs share the key', async (t) => {
  const service = await start(t)
  const name = randomUUID()
  const tabs = Array.from({ length: 3 }, () => openTab(t, service, name, { dpop: true }))
  const [first] = tabs
  assert.ok(first)
  await logInBound(service, first)
  await Promise.all(tabs.map(({ session }) => session.accessToken()))
  for (const { session } of tabs) await session.refresh()
  assert.deepEqual(
    tabs.map(({ ended }) => ended),
    [[], [], []],
  )
})

test('access tokens that are bound are sent with proofs', async (t) => {
  const service = await start(t, { bindsAccessTokens: true })
  const tab = openTab(t, service, randomUUID(), { dpop: true })
  await logInBound(service, tab)
  assert.equal((await tab.session.fetch(`${service.url}/api/auth/me`)).status, 200)
  await tab.session.logout()
  assert.equal(tab.sent.at(-1), '/api/auth/logout 200')
})

test('a lost key ends the session with a code, here and on the service', async (t) => {
  const service = await start(t)
  const storage = memoryStorage()
  const open = (options: Partial<SessionOptions>) => openTab(t, service, randomUUID(), options)
  const before = open({ dpop: true })
  await logInBound(service, before)
  const { refreshed } = before
  before.close()
  await storage.set(refreshed[0])
  // Another name is another key.
  const after = open({ dpop: true, storage: { get: storage.get, set: storage.set } })
  // A storage that lasts and no place for the key: no proof is sent.
  await after.session.refresh()
  assert.deepEqual(after.ended, ['dpop_proof_missing'])
  await until(() => after.sent.includes('/api/auth/logout 200'))
})

test('another key ends the session with another code', async (t) => {
  const service = await start(t)
  const before = openTab(t, service, randomUUID(), { dpop: true })
  await logInBound(service, before)
  before.close()
  const after = openTab(t, service, randomUUID(), { dpop: true })
  const { accessToken: access_token, refreshToken: refresh_token = '' } = before.refreshed[0] ?? {
    accessToken: '',
  }
  await after.session.start({ access_token, refresh_token, expires_in: 60 })
  await after.session.refresh()
  assert.deepEqual(after.ended, ['dpop_key_mismatch'])
  await until(() => after.sent.includes('/api/auth/logout 200'))
})

test('proofs for another URL do not log out', async (t) => {
  const service = await start(t, { publicUrl: 'https://auth.example.com' })
  const tab = openTab(t, service, randomUUID(), { dpop: true, tries: 1 })
  await logIn(service, tab)
  await assert.rejects(tab.session.refresh(), { message: 'invalid_dpop_proof' })
  assert.deepEqual(tab.ended, [])
})

test('lost answers of a bound session are repeated', async (t) => {
  const service = await start(t)
  const tab = openTab(t, service, randomUUID(), { dpop: true })
  await logInBound(service, tab)
  await tab.session.refresh()
  tab.lose(1)
  await tab.session.refresh()
  assert.deepEqual(tab.ended, [])
})
