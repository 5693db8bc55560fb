/** `npm run test:long` runs 1,000 of them, on both databases. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { realClock, startService } from '../support/service.ts'
import type { Tally } from './histories.ts'
import { runHistory } from './histories.ts'

const AT_ONCE = 25

test('nothing is accepted later than the bound after it ended', async (t) => {
  const runs = { sqlite: effort(40, 1000), postgres: effort(40, 1000) }[t.dialect]
  const service = await startService(t, { grace: 300 }, realClock)
  const tally: Tally = { outcomes: new Map(), latest: Number.NEGATIVE_INFINITY, inGrace: 0 }
  let next = 0
  const work = async () => {
    for (let run = next++; run < runs; run = next++)
      await runHistory(t, service, `user${run}`, seededRandom(run + 1), tally)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  t.diagnostic(`${runs} histories: ${[...tally.outcomes].map((one) => one.join(' ')).join(', ')}`)
  t.diagnostic(`the last acceptance before the bound: ${(-tally.latest).toFixed(1)} ms`)
  t.diagnostic(`${tally.inGrace} exchanged tokens were accepted in their grace windows`)
  assert.ok(tally.inGrace > 0)
  for (const outcome of ['accepted', 'ended', 'stale'])
    assert.ok((tally.outcomes.get(outcome) ?? 0) > 0, outcome)
})
