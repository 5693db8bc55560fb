/** As malformed.test.ts, in short: what a text does to a query is the database's own. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { operations } from '../support/check-response.ts'
import { snapshot } from '../support/database.ts'
import { startWorld } from '../support/world.ts'
import { malformed } from './malformed/requests.ts'
import { agent, send } from './malformed/send.ts'

const SEED = 20_261_122
const RUNS = 60

after(() => agent.destroy())

describe('malformed requests on PostgreSQL', { concurrency: true }, () => {
  for (const route of operations) {
    test(route.operation.operationId, async (t) => {
      const context = Object.assign(t, { dialect: 'postgres' as const })
      const world = await startWorld(context, { trustProxy: ['127.0.0.0/8'], logLevel: 'error' })
      const { service } = world
      const rows = await snapshot(service.database)
      await fc.assert(
        fc.asyncProperty(malformed(world, route), async (request) => {
          const { response, text } = await send(service.url, request)
          assert.ok(response.status < 500, text)
        }),
        { seed: SEED, numRuns: RUNS },
      )
      assert.deepEqual(await snapshot(service.database), rows)
      assert.equal(service.logged(), '', 'the service logged a defect of its own')
    })
  }
})
