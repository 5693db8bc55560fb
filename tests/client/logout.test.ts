/** Slow logouts in cookie mode: a user who logs in meanwhile, in any tab, stays logged in. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { RefreshError } from '../../src/client/index.ts'
import { MINUTE } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'

test('a logout that gets through at once takes the cookie with it', async (t) => {
  const { logouts, open, logIn, whoIsIn, living } = await openBrowser(t)
  const tab = open()
  await logIn('ada', tab)
  await tab.session.logout()
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['authorization and cookie'], [], undefined])
})

for (const [what, username, isStarted] of [
  ['somebody who has logged in since in another tab', 'grace', true],
  ['somebody whose session no tab has started yet', 'grace', false],
  ['the same user, who has logged in again', 'ada', true],
] as const) {
  test(`a logout that is tried again leaves ${what}`, async (t) => {
    const { logouts, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
    const [a, b] = [openOffline(1), open()]
    await logIn('ada', a)
    await until(async () => (await b.session.accessToken()) !== undefined)
    const { over } = await a.logout()
    await until(() => b.ended.length === 1)
    await logIn(username, isStarted ? b : undefined)
    a.fail()
    await over
    assert.deepEqual([logouts, await living()], [['authorization'], [username]])
    assert.equal(await whoIsIn(), username)
    if (isStarted) assert.deepEqual([await me(b), await me(a)], [username, username])
  })
}

test('a logout by the cookie alone is tried again', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  await logIn('ada')
  const a = openOffline(2)
  const { over } = await a.logout()
  a.fail()
  await over
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['cookie'], [], undefined])
})

test('a logout by the cookie alone is given up when it is the cookie of another login', async (t) => {
  const { logouts, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
  await logIn('ada')
  const [a, b] = [openOffline(1), open()]
  const { over } = await a.logout()
  await logIn('grace', b)
  await until(async () => (await me(a)) === 'grace')
  a.fail()
  await assert.rejects(over, RefreshError)
  // This browser has nothing of her session, but the server has not ended it: the caller must learn this.
  assert.deepEqual([logouts, await living(), await whoIsIn()], [[], ['ada', 'grace'], 'grace'])
  await a.session.logout()
  assert.deepEqual([logouts, await living()], [['authorization and cookie'], ['ada']])
})

test('a logout that the next call sends again is of the session that it was of', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  const a = openOffline(1, { tries: 1 })
  await logIn('ada', a)
  const { over } = await a.logout()
  a.fail()
  await assert.rejects(over, RefreshError)
  await logIn('grace')
  await a.session.logout()
  assert.deepEqual([logouts, await living(), await whoIsIn()], [['authorization'], ['grace'], 'grace'])
})

test('two tabs that log out at once, and both try again', async (t) => {
  const { logouts, openOffline, logIn, whoIsIn, living } = await openBrowser(t)
  const [a, b] = [openOffline(1), openOffline(1)]
  await logIn('ada', a)
  await until(async () => (await b.session.accessToken()) !== undefined)
  const [first, second] = await Promise.all([a.logout(), b.logout()])
  await logIn('grace')
  a.fail()
  b.fail()
  await Promise.all([first.over, second.over])
  assert.deepEqual([logouts, a.ended, b.ended], [['authorization', 'authorization'], ['logout'], ['logout']])
  assert.deepEqual([await living(), await whoIsIn()], [['grace'], 'grace'])
})

test('a logout that is tried again ends what another tab has refreshed meanwhile', async (t) => {
  const { service, open, openOffline, logIn, me, whoIsIn, living } = await openBrowser(t)
  const a = openOffline(1)
  await logIn('ada', a)
  // It has another name, so it does not learn of the logout, as if it had been asleep.
  const b = open({}, randomUUID())
  const { over } = await a.logout()
  service.clock.now += 31 * MINUTE
  assert.equal(await me(b), 'ada')
  a.fail()
  await over
  assert.deepEqual([await living(), await whoIsIn(), await me(b)], [[], undefined, undefined])
})
