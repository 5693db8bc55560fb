/**
 * Malformed requests for every operation, on both databases, because each treats text in queries differently. Each gets a
 * documented response, never a 5xx, and changes nothing in the database, except that a refused login and a wrong token of
 * an administrator are stored as events. A failure is shrunk to the smallest request that still fails. The seed repeats
 * the run.
 */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import SQLite from 'better-sqlite3'
import fc from 'fast-check'
import { checkResponse, operations } from '../support/check-response.ts'
import { snapshot, test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import type { Service } from '../support/service.ts'
import { startWorld } from '../support/world.ts'
import { malformed } from './malformed/requests.ts'
import { agent, send, understood } from './malformed/send.ts'

const SEED = 20_261_122
// For each operation; operations of administration get half as many.
const RUNS = { sqlite: effort(50, 400), postgres: effort(20, 100) }

/** The event of an operation's refusal, if it is stored: each login, and a wrong token once an hour. */
function refusalOf({ path, operation }: (typeof operations)[number]): string | undefined {
  if (operation.operationId === 'login') return 'login.failed'
  return path.startsWith('/admin/') ? 'admin.refused' : undefined
}

after(() => agent.destroy())

/** @returns checks that a response has changed only what it may; on SQLite after each request, by its file */
function watch({ file }: Service, t: { after(end: () => void): void }) {
  if (file === '') return () => {}
  const database = new SQLite(file, { readonly: true })
  t.after(() => database.close())
  // Changes when another connection has committed a change.
  const version = () => database.pragma('data_version', { simple: true })
  let last = version()
  const names = database.prepare('select name from events order by position').pluck()
  const kept = names.all()
  return (status: number, refusal: string | undefined) => {
    const before = last
    last = version()
    if (last !== before) {
      // A refused login is stored. The end of the test shows whether anything else changed.
      assert.ok(refusal !== undefined && status === 401, 'it changed something')
      if (refusal === 'login.failed' || !kept.includes(refusal)) kept.push(refusal)
    }
    assert.deepEqual(names.all(), kept)
  }
}

test(`malformed requests to every operation, seed ${SEED}`, async (t) => {
  const world = await startWorld(t, { trustProxy: ['127.0.0.0/8'], logLevel: 'error' })
  const { service } = world
  // The first one writes, and takes it back.
  await service.request('/readyz')
  const check = watch(service, t)
  const rows = await snapshot(service.database)
  for (const route of operations) {
    await t.test(route.operation.operationId, async (t) => {
      const refusal = refusalOf(route)
      let count = 0
      const seen = new Map<number, number>()
      await fc.assert(
        fc.asyncProperty(malformed(world, route), async (request) => {
          const { response, text } = await send(service.url, request)
          count++
          seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
          check(response.status, refusal)
          assert.ok(response.status < 500, text)
          assert.equal(response.headers.get('Injected'), null)
          checkResponse(request.method, understood(service.url, request.path), response, text)
        }),
        { seed: SEED, numRuns: RUNS[world.service.database.dialect] / (refusal === 'admin.refused' ? 2 : 1) },
      )
      assert.deepEqual(await snapshot(service.database), rows)
      assert.equal(service.logged(), '', 'the service logged a defect of its own')
      const statuses = [...seen].sort().map(([status, times]) => `${times} × ${status}`)
      t.diagnostic(`${count} requests: ${statuses.join(', ')}`)
    })
  }
})
