/** Device bound sessions: twice, at the same time, half, after a revocation, and with other settings. */
import assert from 'node:assert/strict'
import type { Settings } from '../../src/config/settings.ts'
import { BOUND, Browser, NAME, rowOf, startBinding } from '../support/browser.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Answer, Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, PASSWORD } from '../support/service.ts'

const SECOND = 1000

async function start(t: DialectContext, settings: Partial<Settings> = {}): Promise<Service> {
  const service = await startBinding(t, settings)
  await service.register()
  return service
}

test('a refresh that was sent before the browser had the bound cookie is answered', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  const login = await browser.logIn()
  const early = browser.copy('the owner')
  await browser.register(login)
  await browser.renew()
  service.clock.now += 29 * SECOND
  assert.equal((await early.refresh()).status, 200)
  service.clock.now += 2 * SECOND
  browser.jar.set(NAME, early.jar.get(NAME) ?? '')
  assert.equal((await browser.refresh()).status, 200)
  assert.equal((await early.refresh()).status, 401)
})

test('a refresh and a first proof at once, many times: both succeed', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 10; round++) {
    const browser = new Browser(service)
    const login = await browser.logIn()
    const registering = browser.register(login).then(() => browser.renew())
    const answers = await Promise.all([
      registering,
      ...Array.from({ length: 6 }, () => browser.copy('the owner').refresh()),
    ])
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  }
})

test('the first proof wins, also of many at once; the other key is forgotten by its browser', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 5; round++) {
    const browser = new Browser(service)
    const login = await browser.logIn()
    const twins = [browser, browser.copy('the owner'), browser.copy('the owner')]
    for (const twin of twins) await twin.register(login)
    const answers = await Promise.all(twins.map((twin) => twin.renew()))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
    const winner = twins[answers.findIndex(({ status }) => status === 200)] as Browser
    service.clock.now += MINUTE
    assert.equal((await winner.refresh()).status, 200)
    // And later a registration is refused.
    const late = winner.copy()
    assert.equal((await late.register(login)).status, 401)
  }
})

test('a key that was not registered binds nothing', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  browser.identifier = [...browser.identifier.split('.').slice(0, 3), 'A'.repeat(43)].join('.')
  assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
  assert.equal((await rowOf(service)).bound_at, null)
})

test('revocation wins: a session that ends is bound no more, and its key proves nothing', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 5; round++) {
    const browser = new Browser(service)
    await browser.register(await browser.logIn())
    const other = browser.copy('the owner')
    await Promise.all([browser.renew(), other.post('/api/auth/logout')])
    assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
    assert.equal((await browser.refresh()).status, 401)
  }
})

const OTHER_PASSWORD = 'another one entirely'

/** To the other of the two passwords */
function changePassword(browser: Browser, current = PASSWORD): Promise<Answer> {
  const next = current === PASSWORD ? OTHER_PASSWORD : PASSWORD
  const json = { current_password: current, new_password: next }
  return browser.post('/api/auth/password', { Authorization: `Bearer ${browser.accessToken}` }, json)
}

test('a password change in a bound session keeps it bound', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  assert.equal((await changePassword(browser)).status, 200)
  const thief = browser.copy()
  thief.jar.delete(BOUND)
  assert.equal((await thief.refresh()).status, 401)
  assert.equal((await browser.refresh()).status, 200)
})

test('a key that was registered before a password change, with cookies of then, binds nothing', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  const login = await browser.logIn()
  const thief = browser.copy()
  await thief.register(login)
  await browser.register(login)
  assert.equal((await changePassword(browser)).status, 200)
  assert.equal((await thief.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
  assert.equal((await rowOf(service)).bound_at, null)
  // The one who has changed it has another token.
  assert.equal((await browser.renew()).status, 200)
})

test('a password change and a first proof of a thief at once: the thief binds before it, or not at all', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 5; round++) {
    const browser = new Browser(service)
    const password = round % 2 === 0 ? PASSWORD : OTHER_PASSWORD
    const login = await browser.logIn(password)
    const thief = browser.copy()
    await thief.register(login)
    const [proof] = await Promise.all([thief.renew(), changePassword(browser, password)])
    const again = await thief.renew()
    assert.equal(again.status, proof.status, 'what was bound stays bound, and what was not does not get it')
    assert.equal((await thief.refresh()).status, 401)
  }
})

test('the first proof needs the refresh cookie', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  const bare = browser.copy('the owner')
  bare.jar.clear()
  const { identifier, key, challenge } = browser
  assert.equal((await Object.assign(bare, { identifier, key, challenge }).renew()).status, 401)
  assert.equal((await rowOf(service)).bound_at, null)
  assert.equal((await browser.renew()).status, 200)
  // Later ones do not: the key proves enough.
  assert.equal((await bare.renew()).status, 200)
})

test('a bound session that ends in any way: the browser forgets its key', async (t) => {
  const service = await start(t, { sessionsPerUser: 1 })
  const { db } = service.core
  const authorized = ({ accessToken }: Browser) => ({ Authorization: `Bearer ${accessToken}` })
  const idOf = async () => {
    const newest = db.selectFrom('sessions').orderBy('created_at', 'desc').select(['id', 'user_id as userId'])
    return newest.executeTakeFirstOrThrow()
  }
  const admin = async (method: string, path: string) =>
    service.request(`/admin/users/${(await idOf()).userId}${path}`, { method, bearer: ADMIN_TOKEN })
  const endings: Readonly<Record<string, (browser: Browser) => Promise<unknown>>> = {
    'a logout': (browser) => browser.post('/api/auth/logout'),
    'a logout everywhere': (browser) => browser.post('/api/auth/logout_all', authorized(browser)),
    'a login too many': () => new Browser(service).logIn(),
    'the end by an operator': async () => admin('DELETE', `/sessions/${(await idOf()).id}`),
    'its idle deadline': async () => {
      service.clock.now += 31 * DAY
    },
    'a user who is deactivated': async () => {
      await admin('POST', '/deactivate')
      await admin('POST', '/activate')
    },
    'a user who is deleted': async () => {
      assert.equal((await admin('DELETE', '')).status, 200)
    },
  }
  for (const [what, end] of Object.entries(endings)) {
    service.clock.now += MINUTE
    const browser = new Browser(service)
    await browser.bind()
    assert.equal((await browser.renew()).status, 200, what)
    await end(browser)
    const word = (answer: Answer) => [answer.status, answer.headers.get('Rekindle-Error')]
    assert.deepEqual(word(await browser.renew()), [401, 'device_session_ended'], what)
    assert.notEqual((await browser.refresh()).status, 200, what)
  }
})
