/** PostgreSQL takes up a statement long after its client was told 503: when the grace begins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refresh } from '../../src/sessions/refresh.ts'
import { MINUTE } from '../fixture.ts'
import { addUser, dump, logIn, openContext } from './context.ts'

const SECOND = 1000

for (const together of [1, 2]) {
  const how = together === 1 ? 'alone' : 'with another'
  const scene = async (t: Parameters<typeof openContext>[0], late: number) => {
    const context = await openContext(Object.assign(t, { dialect: 'postgres' as const }))
    context.clock.now = Date.now() - late
    const { now } = context.clock
    const tokens: string[] = []
    for (let count = 0; count < together; count++) {
      tokens.push((await logIn(context, await addUser(context.db, `ada${count}`))).refreshToken)
    }
    const refreshAll = () => Promise.all(tokens.map((token) => refresh(context, token)))
    const first = await refreshAll()
    for (const { outcome } of first) assert.equal(outcome, 'rotated')
    const rotatedAt = (await dump(context.db)).sessions.map((session) => session.rotated_at)
    return { context, now, first, refreshAll, rotatedAt }
  }

  test(`${how}: 40 s late, and the grace of 30 s begins when it was taken up`, async (t) => {
    const { context, first, refreshAll, rotatedAt } = await scene(t, 40 * SECOND)
    const taken = Date.now()
    for (const time of rotatedAt) assert.ok(Math.abs(taken - time) < 5 * SECOND, `${taken - time} ms ago`)
    context.clock.now = taken + 20 * SECOND
    const again = await refreshAll()
    for (const [index, result] of again.entries()) {
      const answered = first[index]
      assert.ok(result.outcome === 'replayed' && answered?.outcome === 'rotated')
      assert.equal(result.refreshToken, answered.refreshToken)
    }
    // And no longer than that.
    context.clock.now = taken + 40 * SECOND
    for (const { outcome } of await refreshAll()) assert.equal(outcome, 'reused')
  })

  test(`${how}: what is answered in time began when it was asked`, async (t) => {
    const { now, rotatedAt } = await scene(t, SECOND)
    assert.deepEqual(rotatedAt, Array(together).fill(now))
  })

  test(`${how}: a clock of the database that is hours ahead is not believed`, async (t) => {
    const { now, rotatedAt } = await scene(t, 120 * MINUTE)
    assert.deepEqual(rotatedAt, Array(together).fill(now))
  })
}
