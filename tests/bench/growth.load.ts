/** The short form of `npm run bench:growth`: what is expired goes, and makes room. Times are for the long form. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { grow } from './growth/run.ts'

test('5,000 sessions, 4,500 of them expired', async (t) => {
  const expired = 4500
  const { pruning, size } = await grow(t, t.dialect, { live: 500, expired, sample: 100 })
  const { sessions, revokedTokens } = pruning
  assert.equal(sessions, expired)
  // The others went with their sessions.
  assert.ok(revokedTokens > 0 && revokedTokens <= expired)
  assert.ok(pruning.during.wal < 64 * 2 ** 20)
  assert.ok(size.refilled <= 1.1 * size.before, `${size.before} bytes became ${size.refilled}`)
})
