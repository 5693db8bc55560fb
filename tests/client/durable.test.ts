/** A logout holds: over reloads, without a network, and against answers that come late. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Stored, TokenStorage } from '../../src/client/index.ts'
import { memoryStorage, RefreshError, webStorage } from '../../src/client/index.ts'
import { MINUTE, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import { logIn, openTab } from './tab.ts'

/** Lasts over reloads. In cookie mode a browser keeps the same in `localStorage`, without tokens. */
function lasting(mode: 'cookie' | 'header'): TokenStorage & { kept(): Stored | undefined } {
  const kept = new Map<string, string>()
  const { get, set } = webStorage({
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
  return {
    get,
    set: (stored) => {
      const { logout, nobody } = stored ?? {}
      return set(mode === 'cookie' ? { logout, nobody } : stored)
    },
    kept: () => get() as Stored | undefined,
  }
}

test('cookie mode: logged out offline, reloaded, online: nobody is logged in, and the server hears of it', async (t) => {
  const { service, open, logIn, living, whoIsIn } = await openBrowser(t)
  const storage = lasting('cookie')
  const first = open({ storage, tries: 1 })
  await logIn('ada', first)
  first.offline = true
  await assert.rejects(first.session.logout(), RefreshError)
  assert.deepEqual([storage.kept()?.logout?.length, await living()], [1, ['ada']])
  assert.doesNotMatch(JSON.stringify(storage.kept()), /\./, 'no token is kept')
  first.close()

  const offline = open({ storage, tries: 1 })
  offline.offline = true
  assert.equal(await offline.session.accessToken(), undefined)
  assert.equal(offline.session.state.status, 'loggedOut')
  offline.close()

  const online = open({ storage })
  const answer = await online.session.fetch(`${service.url}/api/auth/me`)
  assert.equal(answer.status, 401)
  await until(async () => (await living()).length === 0)
  assert.deepEqual([online.refreshed, online.ended], [[], []])
  assert.equal(await whoIsIn(), undefined)
  await until(() => !storage.kept()?.logout)
})

test('cookie mode: a logout by the cookie alone, offline and reloaded', async (t) => {
  const { open, logIn, living } = await openBrowser(t)
  const storage = lasting('cookie')
  await logIn('ada')
  const first = open({ storage, tries: 1 })
  first.offline = true
  await assert.rejects(first.session.logout(), RefreshError)
  first.close()
  open({ storage })
  await until(async () => (await living()).length === 0)
})

test('cookie mode: a logout that was not heard does not log out who has logged in since', async (t) => {
  const { open, logIn, me, living } = await openBrowser(t)
  const storage = lasting('cookie')
  const first = open({ storage, tries: 1 })
  await logIn('ada', first)
  first.offline = true
  await assert.rejects(first.session.logout(), RefreshError)
  first.close()
  // On a page without a session
  await logIn('grace')
  const second = open({ storage })
  await until(() => second.session.state.status === 'loggedIn')
  assert.equal(await me(second), 'grace')
  await until(() => !storage.kept()?.logout)
  assert.deepEqual(await living(), ['ada', 'grace'], 'the cookie of ada is gone')
})

test('header mode: logged out offline and reloaded: the server hears of it', async (t) => {
  const service = await startService(t)
  await service.register()
  const storage = lasting('header')
  const name = randomUUID()
  const first = openTab(t, service, name, { storage, tries: 1 })
  await logIn(service, first)
  first.offline = true
  await assert.rejects(first.session.logout(), RefreshError)
  first.close()
  const second = openTab(t, service, name, { storage })
  assert.equal(await second.session.accessToken(), undefined)
  await until(() => second.sent.length > 0)
  const row = () => service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  await until(async () => (await row()).revoked_at !== null)
  await until(() => storage.kept() === undefined)
  assert.deepEqual(second.sent, ['/api/auth/logout 200'])
})

test('a tab without a channel learns of a logout from the storage', async (t) => {
  const service = await startService(t)
  await service.register()
  const storage = lasting('header')
  const [first, second] = [1, 2].map(() => openTab(t, service, randomUUID(), { storage, tries: 1 }))
  assert.ok(first && second)
  await logIn(service, first)
  assert.equal(await second.session.refresh(), undefined)
  const third = openTab(t, service, randomUUID(), { storage })
  assert.equal(third.session.state.status, 'pending')
  await until(() => third.session.state.status === 'loggedIn')
  first.offline = true
  await assert.rejects(first.session.logout(), RefreshError)
  // Before it refreshes, it looks.
  assert.equal(await third.session.refresh(), undefined)
  assert.deepEqual(third.ended, ['logout'])
  assert.equal(third.sent.includes('/refresh_token 200'), false)
})

test('header mode: a tab that learns of another login from the storage is told of that, and of no logout', async (t) => {
  const service = await startService(t)
  await service.register()
  await service.register('grace')
  const storage = lasting('header')
  const first = openTab(t, service, randomUUID(), { storage })
  await logIn(service, first)
  const second = openTab(t, service, randomUUID(), { storage })
  await second.session.accessToken()
  first.offline = true
  await logIn(service, first, 'grace')
  assert.equal(await second.session.refresh(), await first.session.accessToken())
  assert.deepEqual(second.ended, ['replaced'])
})

test('cookie mode: what a login over another session owes is not stored, as the cookie is no longer of that', async (t) => {
  const { open, logIn } = await openBrowser(t)
  const storage = lasting('cookie')
  const tab = open({ storage, tries: 1 })
  await logIn('ada', tab)
  tab.offline = true
  await logIn('grace', tab)
  await until(() => tab.sent.includes('/api/auth/logout offline'))
  assert.equal(storage.kept()?.logout, undefined)
})

for (const then of ['a logout', 'another login'] as const) {
  test(`the answer of a refresh that comes after ${then} changes nothing, and neither does its cookie`, async (t) => {
    const { service, open, logIn, me, whoIsIn, living, send } = await openBrowser(t)
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const aborted: boolean[] = []
    const tab = open({
      fetch: async (input, init) => {
        if (!(input as Request).url.endsWith('/refresh_token')) return send(input, init)
        asked.resolve()
        await answer.promise
        aborted.push(init?.signal?.aborted === true)
        return send(input, init)
      },
    })
    await logIn('ada', tab)
    service.clock.now += 31 * MINUTE
    const request = me(tab)
    await asked.promise
    if (then === 'a logout') await tab.session.logout()
    else await logIn('grace', tab)
    // It does not wait for the answer that was given up.
    assert.equal(await request, undefined)
    answer.resolve()
    await until(() => aborted.length > 0)
    const who = then === 'a logout' ? undefined : 'grace'
    await until(async () => (await living()).join() === [who].join())
    assert.deepEqual([aborted, await whoIsIn()], [[true], who])
  })
}

test('a logout in another tab gives up the refresh of this one', async (t) => {
  const { service, open, logIn, me, whoIsIn, send } = await openBrowser(t)
  const asked = Promise.withResolvers<void>()
  const tab = open({
    fetch: (input, init) => {
      if (!(input as Request).url.endsWith('/refresh_token')) return send(input, init)
      asked.resolve()
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error())))
    },
  })
  const other = open()
  await logIn('ada', tab)
  await until(() => other.session.user !== undefined)
  service.clock.now += 31 * MINUTE
  const request = me(tab)
  await asked.promise
  await other.session.logout()
  assert.equal(await request, undefined)
  assert.deepEqual([tab.ended, await whoIsIn()], [['logout'], undefined])
})

test('a logout that has the cookie is given up when somebody logs in on the page: its answer would take the new one', async (t) => {
  const { open, logIn, whoIsIn, living, send } = await openBrowser(t)
  const asked = Promise.withResolvers<void>()
  let isFirst = true
  const tab = open({
    fetch: async (input, init) => {
      if (!(input as Request).url.endsWith('/logout') || !isFirst) return send(input, init)
      isFirst = false
      asked.resolve()
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error())))
    },
  })
  await logIn('ada', tab)
  const logout = tab.session.logout()
  await asked.promise
  await logIn('grace', tab)
  await logout
  assert.deepEqual([await living(), await whoIsIn()], [['grace'], 'grace'])
})

test('memory forgets: nothing is kept of a logout that the server has heard', async (t) => {
  const service = await startService(t)
  await service.register()
  const storage = memoryStorage()
  const tab = openTab(t, service, randomUUID(), { storage })
  await logIn(service, tab)
  await tab.session.logout()
  await until(() => storage.get() === undefined)
})
