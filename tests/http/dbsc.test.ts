/** Device bound sessions over HTTP, with a browser that is made of requests. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { Settings } from '../../src/config/settings.ts'
import { deviceProof } from '../../src/conform/provocations/devices.ts'
import { BOUND, Browser, eventsOf, rowOf, startBinding } from '../support/browser.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'
import { configure } from '../support/world.ts'

const SECOND = 1000

async function start(t: DialectContext, settings: Partial<Settings> = {}): Promise<Service> {
  const service = await startBinding(t, settings)
  await service.register()
  return service
}

test('a login with cookie offers a registration, a path relative to itself; others offer none', async (t) => {
  const service = await start(t)
  const offer = (await new Browser(service).logIn()).headers.get('Secure-Session-Registration')
  assert.match(offer ?? '', /^\(ES256\);path="dbsc\/registration";challenge="[\w.-]+"$/)
  assert.equal((await service.tryLogin()).headers.get('Secure-Session-Registration'), null)
  configure({ service }, { dbsc: 'off' })
  assert.equal((await new Browser(service).logIn()).headers.get('Secure-Session-Registration'), null)
})

test('a registration writes nothing; the first proof binds the session, and is an event', async (t) => {
  const service = await start(t, {
    publicUrl: 'https://example.com/auth',
    corsOrigins: ['https://app.example.com'],
  })
  const browser = new Browser(service)
  const { body } = await browser.register(await browser.logIn())
  assert.deepEqual(body.scope, {
    include_site: false,
    scope_specification: [
      { type: 'exclude', domain: '*', path: '/' },
      { type: 'include', domain: '*', path: '/auth/refresh_token' },
      { type: 'include', domain: '*', path: '/auth/api/auth' },
    ],
  })
  assert.deepEqual(body.allowed_refresh_initiators, ['app.example.com'])
  assert.deepEqual([(await rowOf(service)).bound_at, browser.jar.size], [null, 1])
  assert.equal((await browser.renew()).status, 200)
  assert.equal((await rowOf(service)).bound_at, service.clock.now)
  await browser.renew()
  assert.deepEqual(await eventsOf(service), ['session.bound'])
  assert.ok(browser.jar.has(BOUND))
})

test('a bound session goes on for its browser, over months of renewals', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  for (let day = 0; day < 60; day++) {
    service.clock.now += 24 * 60 * MINUTE
    assert.equal((await browser.renew()).status, 200)
    const answer = await browser.refresh()
    assert.deepEqual([answer.status, answer.headers.get('Secure-Session-Registration')], [200, null])
  }
  assert.deepEqual(await eventsOf(service), ['session.bound'])
})

test('a browser without a key goes on as ever, and is asked again at each rotation', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.logIn()
  for (let round = 0; round < 3; round++) {
    service.clock.now += 20 * MINUTE
    const old = browser.copy('the owner')
    const [first, again] = [await browser.refresh(), await old.refresh()]
    assert.deepEqual([first.status, again.status], [200, 200])
    assert.match(
      first.headers.get('Secure-Session-Registration') ?? '',
      /path="api\/auth\/dbsc\/registration"/,
    )
    assert.equal(again.headers.get('Secure-Session-Registration'), null, 'the browser would register twice')
  }
})

test('a proof twice and a lost answer: the second is as good', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  const [one, two] = await Promise.all([browser.renew(), browser.renew()])
  assert.deepEqual([one.status, two.status], [200, 200])
  assert.deepEqual(await eventsOf(service), ['session.bound'])
})

test('headers may be strings in quotes, as the specification has them', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const headers = {
    'Sec-Secure-Session-Id': `"${browser.identifier}"`,
    'Secure-Session-Response': `"${deviceProof(browser.challenge, {}, browser.key)}"`,
  }
  assert.equal((await browser.post('/api/auth/dbsc/refresh', headers)).status, 200)
})

test('a challenge may come back one late, and a process need not know those of another', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const old = browser.challenge
  await browser.renew()
  browser.challenge = old
  assert.equal((await browser.renew(1)).status, 200)
  service.clock.now += 30 * MINUTE
  browser.challenge = old
  assert.equal((await browser.renew(1)).status, 403)
  assert.equal((await browser.renew(1)).status, 200)
  // A restart
  const another = await startBinding(t, { database: service.database }, service.clock)
  browser.service = another
  assert.equal((await browser.renew(1)).status, 200)
  assert.equal((await browser.refresh()).status, 200)
})

test('an exchange of a bound session needs the bound cookie', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const { status, body } = await service.exchange(browser.accessToken)
  assert.deepEqual([status, body.message], [403, 'Exchange is disabled.'])
  const own = await browser.post('/api/auth/refresh', {}, { token: browser.accessToken })
  assert.equal(own.status, 200)
})

test('a browser that says that it could not renew the cookie may try again', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += 20 * MINUTE
  const skipped = { 'Secure-Session-Skipped': 'unreachable;session_identifier="x"' }
  const bare = browser.copy('the owner')
  bare.jar.delete(BOUND)
  const answer = await bare.refresh(skipped)
  assert.deepEqual([answer.status, answer.headers.get('Retry-After')], [503, '2'])
  await browser.renew()
  assert.equal((await browser.refresh(skipped)).status, 200)
})

test('after a login in another tab, the key of the session before is forgotten', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const { identifier, key, challenge } = browser
  const offer = await browser.logIn()
  assert.ok(browser.jar.has(BOUND))
  await browser.register(offer)
  assert.ok(!browser.jar.has(BOUND), 'the cookie of the other session')
  const own = { identifier: browser.identifier, key: browser.key, challenge: browser.challenge }
  assert.equal((await Object.assign(browser, { identifier, key, challenge }).renew()).status, 401)
  assert.equal((await Object.assign(browser, own).renew()).status, 200)
  service.clock.now += MINUTE
  assert.equal((await browser.refresh()).status, 200)
})

test('a rotation offers no registration while that of the last answer may be under way', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.logIn()
  service.clock.now += MINUTE - SECOND
  const soon = await browser.refresh()
  service.clock.now += MINUTE
  const later = await browser.refresh()
  assert.deepEqual(
    [soon, later].map(({ headers }) => headers.has('Secure-Session-Registration')),
    [false, true],
  )
})

test('a proof of another key than the registered one: the browser forgets it, and binds nothing', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  browser.key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const answer = await browser.renew(1)
  assert.deepEqual([answer.status, answer.headers.get('Rekindle-Error')], [401, 'device_session_ended'])
  assert.equal((await rowOf(service)).bound_at, null)
})
