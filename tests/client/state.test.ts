/** What a page can show: who is logged in, told in every tab; and `refresh`, for interceptors. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { SessionOptions, SessionState, Stored, TokenStorage } from '../../src/client/index.ts'
import { memoryStorage } from '../../src/client/index.ts'
import { MINUTE, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

async function open(t: TestContext, options: Partial<SessionOptions> = {}) {
  const service = await startService(t)
  const { id } = await service.register()
  const name = randomUUID()
  const openOther = () => openTab(t, service, name, options)
  return { service, id, openOther, tab: openOther() }
}

// The compiler takes it for the state that was compared before.
const stateOf = ({ session }: Tab): SessionState => session.state

/** What a listener was told, without what repeats */
function watch({ session }: Tab) {
  const told: SessionState[] = []
  const unsubscribe = session.subscribe((state) => void told.push(state))
  return { told, unsubscribe }
}

test('the state: nothing is known, then nobody, then somebody, then how it ended', async (t) => {
  const { service, id, tab } = await open(t)
  const { session } = tab
  const nothing = { user: undefined, expiresAt: undefined, ended: undefined }
  assert.deepEqual(session.state, { status: 'pending', ...nothing })
  await session.accessToken()
  assert.deepEqual(stateOf(tab), { status: 'loggedOut', ...nothing })
  await logIn(service, tab)
  const { status, user, expiresAt = 0, ended } = stateOf(tab)
  assert.deepEqual([status, user?.id, ended], ['loggedIn', id, undefined])
  assert.equal(user, session.user)
  assert.ok(Math.abs(expiresAt - Date.now() - 30 * MINUTE) < 60_000)
  const [row] = await service.core.db.selectFrom('sessions').select('id').execute()
  assert.equal(user?.sessionId, row?.id)
  await session.logout()
  const end = { reason: 'logout', message: 'Logged out.' }
  assert.deepEqual(session.state, { ...nothing, status: 'loggedOut', ended: end })
})

test('the snapshot is the same object between changes, and the user until it is another', async (t) => {
  const { service, tab } = await open(t)
  const { session } = tab
  await logIn(service, tab)
  const { state, user } = session
  assert.equal(session.state, state)
  await session.fetch(`${service.url}/api/auth/me`)
  assert.equal(session.state, state)
  await session.refresh()
  assert.notEqual(session.state, state)
  assert.equal(session.user, user)
})

test('every tab is told of a login, a refresh and an end', async (t) => {
  const { service, id, openOther, tab } = await open(t)
  const other = openOther()
  const [mine, theirs] = [watch(tab), watch(other)]
  await logIn(service, tab)
  await until(() => other.session.user?.id === id)
  const before = theirs.told.length
  await tab.session.refresh()
  await until(() => theirs.told.length > before)
  assert.equal(theirs.told.at(-1)?.user?.id, id)
  await service.core.db.updateTable('sessions').set({ revoked_at: 1 }).execute()
  await other.session.refresh()
  const ended = { reason: 'refresh_token_invalid', message: 'Invalid refresh token.' }
  for (const { told } of [mine, theirs]) {
    await until(() => told.at(-1)?.status === 'loggedOut')
    assert.deepEqual(told.at(-1)?.ended, ended)
  }
})

test('a listener: called at once, without `this`, as often as it subscribed, and no more after that', async (t) => {
  const { service, tab } = await open(t)
  const { subscribe } = tab.session
  await tab.session.accessToken()
  const told: string[] = []
  const listener = ({ status }: SessionState) => void told.push(status)
  const [one, two] = [subscribe(listener), subscribe(listener)]
  assert.deepEqual(told, ['loggedOut', 'loggedOut'])
  one()
  one()
  await logIn(service, tab)
  assert.deepEqual(told, ['loggedOut', 'loggedOut', 'loggedIn'])
  const logout = tab.session.logout()
  two()
  await logout
  assert.equal(told.length, 3, 'not even of a change that came before it left')
})

test('onEnded gets the code and the message', async (t) => {
  const ends: string[][] = []
  const { service, tab } = await open(t, { onEnded: (...end) => void ends.push(end) })
  await logIn(service, tab)
  await service.core.db.updateTable('users').set({ deactivated_at: 1 }).execute()
  await tab.session.refresh()
  await until(() => ends.length > 0)
  assert.deepEqual(ends, [['user_inactive', 'User is inactive.']])
})

test('refresh: one for all who ask with the same refused token, and none for those who come late', async (t) => {
  const { service, tab } = await open(t)
  const { session, sent } = tab
  const { access_token } = await logIn(service, tab)
  const tokens = await Promise.all(Array.from({ length: 20 }, () => session.refresh(access_token)))
  assert.equal(new Set(tokens).size, 1)
  assert.notEqual(tokens[0], access_token)
  assert.equal(await session.refresh(access_token), tokens[0])
  assert.deepEqual(sent, ['/refresh_token 200'])
  assert.notEqual(await session.refresh(), tokens[0])
})

test('refresh without a session: nothing is sent, as there is nothing to send', async (t) => {
  const { tab } = await open(t)
  assert.equal(await tab.session.refresh(), undefined)
  assert.deepEqual(tab.sent, [])
})

test('cookie mode: who subscribes is told who is in, without a request of its own', async (t) => {
  const { open, logIn } = await openBrowser(t)
  await logIn('ada')
  const tab = open()
  const { told } = watch(tab)
  await until(() => told.at(-1)?.status === 'loggedIn')
  assert.deepEqual(tab.sent, ['/refresh_token 200'])
  assert.equal(told[0]?.status, 'pending')
})

const counting = (): TokenStorage & { kept: () => Stored | undefined } => {
  const storage = memoryStorage()
  return { ...storage, kept: () => storage.get() as Stored | undefined }
}

test('a first visit by nobody is not an end, and the next pages do not ask', async (t) => {
  const { open } = await openBrowser(t)
  const storage = counting()
  const first = open({ storage }, randomUUID())
  assert.equal(await first.session.accessToken(), undefined)
  assert.equal(await first.session.accessToken(), undefined)
  assert.deepEqual([first.sent, first.ended], [['/refresh_token 401'], []])
  assert.deepEqual([first.session.state.status, first.session.state.ended], ['loggedOut', undefined])
  await until(() => storage.kept()?.nobody)
  const second = open({ storage }, randomUUID())
  watch(second)
  assert.equal(await second.session.accessToken(), undefined)
  assert.deepEqual([second.sent, second.session.state.status], [[], 'loggedOut'])
})

test('a login elsewhere is found by the first 401, or by a refresh', async (t) => {
  const { open, logIn, me } = await openBrowser(t)
  const storage = counting()
  const first = open({ storage }, randomUUID())
  await first.session.accessToken()
  await until(() => storage.kept()?.nobody)
  const second = open({ storage }, randomUUID())
  assert.equal(await second.session.accessToken(), undefined)
  await logIn('ada')
  assert.equal(await me(second), 'ada')
  const third = open({ storage: { ...memoryStorage(), get: () => ({ nobody: true }) } }, randomUUID())
  assert.equal(await third.session.accessToken(), undefined)
  assert.notEqual(await third.session.refresh(), undefined)
})

test('an API that always says 401 to nobody: the service is asked once on a page', async (t) => {
  const { open, me } = await openBrowser(t)
  const tab = open({ storage: { ...memoryStorage(), get: () => ({ nobody: true }) } })
  for (let count = 0; count < 5; count++) assert.equal(await me(tab), undefined)
  assert.equal(tab.sent.filter((line) => line === '/refresh_token 401').length, 1)
  assert.deepEqual(tab.ended, [])
})

test('a service that is down when the page is opened: who subscribes is told when it is up', async (t) => {
  const { open, logIn } = await openBrowser(t)
  await logIn('ada')
  const tab = open({ tries: 1 })
  tab.offline = true
  const { told } = watch(tab)
  await until(() => tab.sent.includes('/refresh_token offline'))
  tab.offline = false
  await until(() => told.at(-1)?.status === 'loggedIn')
  assert.deepEqual(tab.ended, [])
})
