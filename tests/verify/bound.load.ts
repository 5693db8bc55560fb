/**
 * From the 200 of a logout to the first refusal at each of a hundred verifiers. `npm run bench:verify` measures it. Here, where the
 * verifiers share two cores with the service, an ending that waits for a poll or a connection is noticed.
 */
import assert from 'node:assert/strict'
import { measureBound } from '../bench/verify/bound.ts'
import { test } from '../support/database.ts'

for (const processes of [1, 2])
  test(`100 verifiers refuse a token soon after the logout, ${processes} of the service`, async (t) => {
    // Several processes on one SQLite file are possible, but nobody runs them for load.
    if (t.dialect === 'sqlite' && processes > 1) return
    const { p50, p99, slowest } = await measureBound(t, t.dialect, { verifiers: 100, logouts: 20, processes })
    t.diagnostic(`p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, the slowest ${slowest.toFixed(0)} ms`)
    // On an idle machine it is less than 250 ms.
    assert.ok(p99 < 1000, `${p99} ms`)
  })
