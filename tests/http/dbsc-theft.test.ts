/** What copied cookies of device bound sessions are worth, and a thief who binds a session. */
import assert from 'node:assert/strict'
import type { Settings } from '../../src/config/settings.ts'
import { BOUND, Browser, eventsOf, NAME, rowOf, startBinding } from '../support/browser.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'

const SECOND = 1000

async function start(t: DialectContext, settings: Partial<Settings> = {}): Promise<Service> {
  const service = await startBinding(t, settings)
  await service.register()
  return service
}

test('copied cookies are good for ten minutes, then refused and told, and the session goes on', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const thief = browser.copy()
  service.clock.now += 10 * MINUTE - 1
  // Neither is the thief's copy of the cookie any longer than it, nor does a refresh make it last.
  const early = thief.copy('the owner')
  assert.equal((await early.refresh()).status, 200)
  browser.jar.set(NAME, early.jar.get(NAME) ?? '')
  thief.jar.set(NAME, early.jar.get(NAME) ?? '')
  service.clock.now += 1
  for (const { jar } of [thief, early]) {
    const request = Object.assign(new Browser(service), { jar })
    assert.equal((await request.refresh()).status, 503, 'a browser renews the cookie now')
    assert.ok(!jar.has(BOUND))
    const answer = await request.refresh()
    assert.deepEqual([answer.status, answer.headers.get('Rekindle-Error')], [401, 'device_proof_required'])
    assert.deepEqual(answer.headers.getSetCookie(), [])
  }
  const told = (await eventsOf(service)).filter((name) => name === 'token.unproven')
  assert.equal(told.length, 1, 'once for a generation')
  assert.match(service.logged(), /"level":40[^\n]*"event":"token.unproven"/)
  await browser.renew()
  assert.equal((await browser.refresh()).status, 200)
  assert.equal((await rowOf(service)).revoked_reason, null)
})

test('copied cookies without the bound one are refused at once, as a header too', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const thief = browser.copy()
  thief.jar.delete(BOUND)
  assert.equal((await thief.refresh()).status, 401)
  const token = thief.jar.get(NAME) ?? ''
  assert.equal((await service.refresh(token)).status, 401)
  assert.equal((await browser.refresh()).status, 200)
})

test('a copy that is presented after its owner has gone on ends the session: reuse, as ever', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const thief = browser.copy()
  await browser.refresh()
  await browser.refresh()
  assert.equal((await thief.refresh()).headers.get('Rekindle-Error'), 'refresh_token_invalid')
  assert.equal((await rowOf(service)).revoked_reason, 'reuse')
  assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
})

/** A thief rotates an unbound session and binds it to a key of theirs. */
async function takenOver(t: DialectContext, settings: Partial<Settings> = {}) {
  const service = await start(t, settings)
  const owner = new Browser(service)
  await owner.logIn()
  service.clock.now += MINUTE
  const thief = owner.copy()
  await thief.register(await thief.refresh())
  assert.equal((await thief.renew()).status, 200)
  return { service, owner, thief }
}

test('a thief who binds a session is found by the first retry of its owner', async (t) => {
  const { service, owner, thief } = await takenOver(t)
  service.clock.now += 60 * MINUTE
  assert.equal((await owner.refresh()).status, 401)
  assert.equal((await rowOf(service)).revoked_reason, 'reuse')
  assert.equal((await thief.renew()).status, 401)
})

test('a thief who binds a session is found by its owner, who got the same token within the grace', async (t) => {
  const { service, owner, thief } = await takenOver(t)
  service.clock.now += 20 * SECOND
  assert.equal((await owner.refresh()).status, 200)
  service.clock.now += MINUTE
  assert.equal((await owner.refresh()).status, 401)
  assert.equal((await rowOf(service)).revoked_reason, 'shared')
  assert.equal((await thief.refresh()).status, 401)
})

test('while shared tokens are only reported, it is told, and nobody without the key gets tokens', async (t) => {
  const { service, owner } = await takenOver(t, { sharedTokens: 'report' })
  service.clock.now += 20 * SECOND
  await owner.refresh()
  service.clock.now += MINUTE
  assert.equal((await owner.refresh()).headers.get('Rekindle-Error'), 'device_proof_required')
  assert.ok((await eventsOf(service)).includes('token.unproven'))
})

test('a thief who binds a session and refreshes it is found by its owner, who has the same token', async (t) => {
  const service = await start(t)
  const owner = new Browser(service)
  await owner.logIn()
  service.clock.now += MINUTE
  // From the network of the owner and with the same user agent
  const thief = owner.copy('the owner')
  const offer = await thief.refresh()
  assert.equal((await owner.refresh()).status, 200)
  assert.equal(owner.jar.get(NAME), thief.jar.get(NAME))
  service.clock.now += 5 * SECOND
  await thief.register(offer)
  await thief.renew()
  service.clock.now += MINUTE
  assert.equal((await thief.refresh()).status, 200)
  service.clock.now += 60 * MINUTE
  assert.equal((await owner.refresh()).status, 401)
  assert.equal((await rowOf(service)).revoked_reason, 'reuse')
  assert.equal((await thief.renew()).status, 401)
})

test('a browser that has bound a session between two refreshes, and cannot renew the cookie, may try again', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.logIn()
  service.clock.now += 30 * MINUTE
  await browser.register(await browser.refresh())
  service.clock.now += MINUTE
  await browser.renew()
  service.clock.now += 30 * MINUTE
  assert.equal((await browser.refresh()).status, 503, 'the cookie has expired')
  const skipped = { 'Secure-Session-Skipped': 'unreachable;session_identifier="x"' }
  assert.equal((await browser.refresh(skipped)).status, 503)
  assert.equal((await rowOf(service)).revoked_reason, null)
  await browser.renew()
  assert.equal((await browser.refresh()).status, 200)
})
