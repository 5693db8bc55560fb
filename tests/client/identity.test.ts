/** Whose session it is: a tab never acts as somebody else without being told, and no session is left behind. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { SessionOptions, Tokens } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import type { Tab } from './tab.ts'
import { logIn, openTab } from './tab.ts'

async function openTabs(t: TestContext, options: Partial<SessionOptions> = {}) {
  const service = await startService(t)
  const [ada, bob] = [await service.register('ada'), await service.register('bob')]
  const name = randomUUID()
  const open = (more: Partial<SessionOptions> = {}) => openTab(t, service, name, { ...options, ...more })
  return { service, name, open, ada, bob }
}
const expire = (service: Service) => {
  service.clock.now += 31 * MINUTE
}
const me = async (service: Service, { session }: Tab) => {
  const { body } = { body: await (await session.fetch(`${service.url}/api/auth/me`)).json() }
  return (body as { data?: { username: string } }).data?.username
}
/** The users whose sessions have not ended */
const living = async ({ core }: Service) => {
  const sessions = core.db.selectFrom('sessions').innerJoin('users', 'users.id', 'sessions.user_id')
  const rows = await sessions.where('revoked_at', 'is', null).select('username').execute()
  return rows.map(({ username }) => username).sort()
}
const isOf = (tab: Tab, user: { id: string }) => until(() => tab.session.user?.id === user.id)

test('another user logs in in another tab: the first one is told, before it acts as the other', async (t) => {
  const { service, open, ada, bob } = await openTabs(t)
  const first = open()
  await logIn(service, first)
  const second = open()
  await isOf(second, ada)
  await logIn(service, second, 'bob')
  await isOf(first, bob)
  await until(() => first.ended.length > 0)
  assert.deepEqual([first.ended, second.ended], [['replaced'], []])
  assert.equal(await me(service, first), 'bob')
})

test('a request that one user began is not repeated as the other', async (t) => {
  const seen: (string | null)[] = []
  const begun = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const { service, open, ada, bob } = await openTabs(t)
  const first = open({
    fetch: async (input, init) => {
      const { url, headers } = input as Request
      if (!url.endsWith('/me')) return checkedFetch(input, init)
      seen.push(headers.get('Authorization'))
      begun.resolve()
      await answer.promise
      return checkedFetch(input, init)
    },
  })
  const second = open()
  const { access_token } = await logIn(service, first)
  await isOf(second, ada)
  const asked = first.session.fetch(`${service.url}/api/auth/me`)
  await begun.promise
  // It ends the session of the first one, so that the request gets a 401.
  await logIn(service, second, 'bob')
  await isOf(first, bob)
  await until(async () => !(await living(service)).includes('ada'))
  answer.resolve()
  assert.equal((await asked).status, 401)
  assert.deepEqual(seen, [`Bearer ${access_token}`])
})

test('a request that waits for a token when another user logs in is not sent as the other', async (t) => {
  const asked = Promise.withResolvers<void>()
  const seen: (string | null)[] = []
  const { service, open } = await openTabs(t)
  const tab = open({
    fetch: (input, init) => {
      const { url, headers } = input as Request
      if (url.endsWith('/me')) seen.push(headers.get('Authorization'))
      if (!url.endsWith('/refresh_token')) return checkedFetch(input, init)
      asked.resolve()
      return new Promise(() => {})
    },
  })
  const { body } = await service.tryLogin()
  await tab.session.start({ ...body.data, expires_in: 0 })
  const answer = tab.session.fetch(`${service.url}/api/auth/me`)
  await asked.promise
  await logIn(service, tab, 'bob')
  assert.equal((await answer).status, 401)
  assert.deepEqual(seen, [null])
})

test('a login over another session ends that one on the server, and tells of no end in the tab itself', async (t) => {
  const { service, open } = await openTabs(t)
  const tab = open()
  await logIn(service, tab)
  await logIn(service, tab, 'bob')
  await until(async () => (await living(service)).length === 1)
  assert.deepEqual([await living(service), tab.ended], [['bob'], []])
})

test('the same user logs in again: no end, and the session before is ended on the server', async (t) => {
  const { service, open, ada } = await openTabs(t)
  const [first, second] = [open(), open()]
  await logIn(service, first)
  await isOf(second, ada)
  const before = second.session.user?.sessionId
  await logIn(service, first)
  await until(() => second.session.user?.sessionId !== before)
  await until(async () => (await living(service)).length === 1)
  expire(service)
  assert.deepEqual([await me(service, first), await me(service, second)], ['ada', 'ada'])
  assert.deepEqual([first.ended, second.ended], [[], []])
})

test('a login that cannot end the session before does so when it can', async (t) => {
  const { service, open } = await openTabs(t)
  const tab = open({ tries: 1 })
  await logIn(service, tab)
  const { body } = await service.tryLogin(PASSWORD, 'bob')
  tab.offline = true
  await tab.session.start(body.data)
  await until(() => tab.sent.includes('/api/auth/logout offline'))
  tab.offline = false
  assert.deepEqual(await living(service), ['ada', 'bob'])
  await tab.session.logout()
  assert.deepEqual(await living(service), [])
})

test('two tabs in which two users log in at once agree on one of them, and the other session is ended', async (t) => {
  const { service, open } = await openTabs(t)
  for (let round = 0; round < 5; round++) {
    const [first, second] = [open(), open()]
    await Promise.all([logIn(service, first), logIn(service, second, 'bob')])
    await until(() => first.session.user?.id === second.session.user?.id)
    await until(async () => (await living(service)).length === 1)
    const [left] = await living(service)
    assert.deepEqual([await me(service, first), await me(service, second)], [left, left])
    assert.deepEqual([...first.ended, ...second.ended], ['replaced'])
    await first.session.logout()
    first.close()
    second.close()
  }
})

test('the cookie of another login: the refresh finds it, and the tab is told', async (t) => {
  const { service, open, logIn, me } = await openBrowser(t)
  const tab = open()
  await logIn('ada', tab)
  // Without a session, as a page does that is rendered by a server
  await logIn('grace')
  service.clock.now += 31 * MINUTE
  assert.equal(await me(tab), undefined, 'the request was begun as ada')
  assert.deepEqual(tab.ended, ['replaced'])
  assert.equal(await me(tab), 'grace')
})

test('a change of the password starts the session anew: it is the same one, for all tabs', async (t) => {
  const { service, open, ada } = await openTabs(t)
  const [first, second] = [open(), open()]
  await logIn(service, first)
  await isOf(second, ada)
  const { user } = second.session
  const response = await first.session.fetch(`${service.url}/api/auth/password`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ current_password: PASSWORD, new_password: `${PASSWORD}, again` }),
  })
  const { data } = (await response.json()) as { data: Parameters<typeof first.session.start>[0] }
  await first.session.start(data)
  await until(async () => (await second.session.accessToken()) === data.access_token)
  expire(service)
  assert.equal(await me(service, second), 'ada')
  assert.equal(second.session.user, user)
  assert.deepEqual([first.ended, second.ended], [[], []])
})

test('a tab from when the clock was 3 h fast takes new logins', async (t) => {
  const { service, name, open, bob } = await openTabs(t)
  const old = open()
  t.mock.method(Date, 'now', () => performance.timeOrigin + performance.now() + 3 * 3_600_000)
  await logIn(service, old)
  await old.session.logout()
  t.mock.restoreAll()
  service.clock.now += MINUTE
  // It remembers nothing of the first one.
  const fresh = openTab(t, service, name)
  await logIn(service, fresh, 'bob')
  await isOf(old, bob)
  assert.equal(await me(service, old), 'bob')
})

test('tokens that arrive after the end of their session do not bring it back', async (t) => {
  const { service, name, open } = await openTabs(t)
  const tab = open()
  await logIn(service, tab)
  const [{ sequence, ...tokens }] = tab.refreshed as [Tokens]
  await tab.session.logout()
  const late = new BroadcastChannel(name)
  late.postMessage({ tokens: { ...tokens, sequence: sequence + 10 } })
  const heard = openTab(t, service, name)
  await heard.session.accessToken()
  late.close()
  assert.deepEqual([tab.session.state.status, await tab.session.accessToken()], ['loggedOut', undefined])
})
