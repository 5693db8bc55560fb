/** The short form of `npm run load`, by itself: nobody is refused who should not be, and refreshes stay quick. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCleanup } from '../support/cleanup.ts'
import { hoard } from './load/hoarder.ts'
import type { Figure } from './load/run.ts'
import { isOver, loadFromOneNetwork, loadWithHoarder, loadWithLogins, loadWithSlow } from './load/run.ts'
import { LIMITED, PROXIED, startHurried, startLoaded } from './load/service.ts'

// Milliseconds, for a machine that runs other tests as well.
const REFRESH = 2000

function within(figures: readonly Figure[]): ReadonlyMap<string, number> {
  assert.deepEqual(figures.filter(isOver), [])
  return new Map(figures.map(({ name, value }) => [name, value]))
}

test('400 logins in a second: done or told to come again, and each refresh is a rotation', async () => {
  await withCleanup(async (cleanup) => {
    const service = await startLoaded(cleanup, 'sqlite', 200)
    const size = { refreshRate: 50, seconds: 1, rate: 400 }
    const figures = within(
      await loadWithLogins(service, size, { refresh: REFRESH, refusal: REFRESH, login: 5000 }),
    )
    assert.equal(figures.get('logins sent'), 400)
  })
})

test('500 logins a second from one /48: each login from elsewhere is done, and soon', async () => {
  await withCleanup(async (cleanup) => {
    const service = await startLoaded(cleanup, 'sqlite', 1, { limits: PROXIED })
    const size = { seconds: 3, rate: 500, honestRate: 5 }
    const figures = within(await loadFromOneNetwork(service, size, { login: 2000 }))
    assert.ok(Number(figures.get('of them told to come again')) > 0)
  })
})

test('200 connections that never come to an end: cut in time, with 408, and each refresh is a rotation', async () => {
  const timeouts = {
    headersTimeout: 1000,
    requestTimeout: 1500,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: 20,
    lingerTimeout: 100,
  }
  await withCleanup(async (cleanup) => {
    const service = await startHurried(cleanup, timeouts, 500)
    // Each of the 64 connections of the refreshes is used before it counts as slow itself.
    const size = { refreshRate: 200, seconds: 7, connections: 200 }
    // A client notices the end when it sends its next byte, which takes seconds on a busy machine.
    const cut = { headers: 4000 + REFRESH, body: 4500 + REFRESH }
    const figures = within(await loadWithSlow(service, size, { refresh: REFRESH, cut }))
    assert.ok(Number(figures.get('open files meanwhile')) > Number(figures.get('open files before')))
    // Whose headers are slow has less time than whose body is.
    const [headers = 0, body = 0] = ['headers', 'bodies'].map((kind) =>
      figures.get(`slow ${kind}: the last cut after`),
    )
    assert.ok(headers >= 900 && body > headers, `${headers} and ${body} ms`)
  })
})

test('a user with 20,000 sessions, and all about them at once: others do not wait, and all sessions end', async () => {
  await withCleanup(async (cleanup) => {
    const beforehand = (env: Readonly<Record<string, string>>) => hoard(env, 20_000)
    const service = await startLoaded(cleanup, 'sqlite', 400, { limits: LIMITED, beforehand })
    // CPU time. Before the ceilings it was more than 500 ms, with 200,000 sessions.
    const figures = within(await loadWithHoarder(service, { refreshRate: 50, seconds: 4 }, 150))
    assert.ok(Number(figures.get('hoarder: logout_all 200')) > 0)
  })
})
