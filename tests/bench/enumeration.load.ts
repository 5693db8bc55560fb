/** The short form of `npm run enumeration`: without a hash for nobody to be verified against, it is a tenth of the time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL_COST } from '../support/service.ts'
import { enumerate } from './enumeration/run.ts'

test('30 pairs of logins: nobody and a wrong password take the same time, and get the same answer', async (t) => {
  const times = await enumerate(t, { pairs: 30, seed: 1, cost: FULL_COST })
  t.diagnostic(JSON.stringify(times))
  assert.ok(times.difference < 0.5, JSON.stringify(times))
})
