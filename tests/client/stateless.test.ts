/** The same expectations for the mock and for the service. */
import { test } from 'node:test'
import { createClient } from '../../src/client/index.ts'
import { startMock } from '../contract/start-mock.ts'
import { checkedFetch } from '../support/check-response.ts'
import { startService } from '../support/service.ts'
import { expectations } from './stateless.ts'

test('of the service', async (t) => {
  const { url } = await startService(t)
  for (const [name, expectation] of Object.entries(expectations)) {
    await t.test(name, () => expectation(createClient({ baseUrl: url, fetch: checkedFetch })))
  }
})

test('of the mock', { timeout: 180_000 }, async (t) => {
  const baseUrl = await startMock(t)
  for (const [name, expectation] of Object.entries(expectations)) {
    await t.test(name, () => expectation(createClient({ baseUrl })))
  }
})
