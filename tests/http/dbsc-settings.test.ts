/** Device bound sessions when settings and secrets change. */
import assert from 'node:assert/strict'
import { BOUND, Browser, NAME, rowOf, startBinding } from '../support/browser.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, SECRET, STRONG_SECRET } from '../support/service.ts'
import { configure } from '../support/world.ts'

async function start(t: DialectContext): Promise<Service> {
  const service = await startBinding(t)
  await service.register()
  return service
}

test('switched off, bindings do not count, and browsers forget their keys', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += 20 * MINUTE
  configure({ service }, { dbsc: 'off' })
  // Also before the browser was told
  const bare = browser.copy('the owner')
  bare.jar.delete(BOUND)
  assert.equal((await bare.refresh()).status, 200)
  browser.jar.set(NAME, bare.jar.get(NAME) ?? '')
  assert.equal((await browser.renew()).status, 404)
  assert.equal((await browser.register(await browser.refresh())).status, 404)
  assert.equal((await browser.copy('the owner').refresh()).status, 200)
})

test('switched off, and on again: a browser that has forgotten its key goes on, and binds another', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const idle = new Browser(service)
  await idle.bind()
  configure({ service }, { dbsc: 'off' })
  service.clock.now += 20 * MINUTE
  assert.equal((await browser.renew()).status, 404)
  configure({ service }, { dbsc: 'optional' })
  browser.jar.delete(BOUND)
  const answer = await browser.refresh()
  assert.equal(answer.status, 200)
  await browser.register(answer)
  assert.equal((await browser.renew()).status, 200)
  // One that was asleep meanwhile has its key, and is still bound to it.
  assert.equal((await idle.refresh()).status, 503)
  assert.equal((await idle.renew()).status, 200)
  assert.equal((await idle.refresh()).status, 200)
})

test('while it is off, a key unbinds no session but its own', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  configure({ service }, { dbsc: 'off' })
  const [sessionId, , y, mac] = browser.identifier.split('.')
  const another = Object.assign(browser.copy(), { key: browser.key, challenge: browser.challenge })
  another.identifier = [sessionId, 'A'.repeat(43), y, mac].join('.')
  assert.equal((await another.renew()).status, 404)
  assert.notEqual((await rowOf(service)).bound_at, null)
})

test('the secret of refresh tokens is replaced: bindings, cookies and challenges go on', async (t) => {
  const [first, second] = [SECRET, Buffer.from(STRONG_SECRET)].map((current) => ({ current, previous: [] }))
  assert.ok(first && second)
  const refresh = { current: Buffer.from('the secret of refresh tokens, once'), previous: [] }
  const service = await startBinding(t, {}, undefined, { refresh })
  await service.register()
  const browser = new Browser(service)
  const half = new Browser(service)
  await browser.bind()
  await half.register(await half.logIn())
  const { database, clock } = service
  clock.now += MINUTE
  const settings = { database }
  // Nothing of it is made from JWT_SECRET_KEY, which may change at once.
  const next = await startBinding(t, settings, clock, {
    current: second.current,
    refresh: { current: first.current, previous: [refresh.current] },
  })
  browser.service = next
  half.service = next
  assert.equal((await browser.refresh()).status, 200, 'the bound cookie')
  assert.equal((await half.renew(1)).status, 200, 'an identifier and a challenge of before')
  assert.equal((await browser.renew(1)).status, 200)
  // Without the previous secret the key is still that of the binding, but what was signed with it is not known.
  const last = await startBinding(t, settings, clock, { refresh: second })
  browser.service = last
  assert.equal((await browser.renew(1)).status, 403)
  assert.equal((await browser.renew(1)).status, 200)
})
