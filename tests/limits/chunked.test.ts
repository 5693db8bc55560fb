/** A limit that processes share without asking the table for each request. */
import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import type { Limits } from '../../src/limits/limits.ts'
import { recordStatements } from '../store/statements.ts'
import { test } from '../support/database.ts'
import { openLimits, times } from './context.ts'

const refreshSession = { points: 120, seconds: 60 }
const CHUNK = 12

const of = (sessionId: string) => ({ sessionId, userId: 'ada' })

/** The number of simultaneous requests that are allowed. */
async function admitted(limits: Limits, count: number, session = 'a session'): Promise<number> {
  const answers = await Promise.all(times(count, () => limits.mayWrite(of(session))))
  return answers.filter(Boolean).length
}

test('one process: all of the limit and a tenth of it, and all again in the next window', async (t) => {
  const context = await openLimits(t, { refreshSession })
  const { limits, clock } = context
  assert.equal(await admitted(limits, 200), 120 + CHUNK)
  assert.equal(await admitted(limits, 10), 0)
  const { until, policy, isFirst: isNews } = limits.refusalOfSession(of('a session'))
  assert.deepEqual([policy.name, until, isNews], ['refresh', clock.now + 60_000, true])
  assert.equal(limits.refusalOfSession(of('a session')).isFirst, false)
  assert.equal(await admitted(limits, 10, 'another'), 10)
  clock.now = until - 1
  assert.equal(await admitted(limits, 1), 0)
  clock.now = until
  assert.equal(await admitted(limits, 200), 120 + CHUNK)
})

test('three processes, the last one started late: the limit, and a tenth of it for each', async (t) => {
  const context = await openLimits(t, { refreshSession })
  const processes = [context.limits, await context.another()]
  let count = 0
  for (let round = 0; round < 10; round++) {
    for (const limits of processes) count += await admitted(limits, 11)
  }
  processes.push(await context.another())
  for (const limits of processes) count += await admitted(limits, 50)
  assert.equal(count, 120 + 3 * CHUNK)
})

test('a session that refreshes as clients do costs no statement, and what is refused costs none', async (t) => {
  const recording = recordStatements(t)
  const { limits, clock } = await openLimits(t, { refreshSession })
  recording.executed.length = 0
  for (let minute = 0; minute < 20; minute++) {
    for (let count = 0; count < CHUNK; count++) assert.equal(await limits.mayWrite(of('a session')), true)
    clock.now += 60_000
  }
  assert.equal(recording.executed.length, 0)
  await admitted(limits, 200)
  const asked = recording.executed.length
  assert.equal(recording.executed.filter(({ sql }) => sql.startsWith('insert')).length, 10)
  for (let count = 0; count < 1000; count++) assert.equal(await limits.mayWrite(of('a session')), false)
  assert.equal(recording.executed.length, asked)
})

test('a clock that was a year ahead and is set back begins a window as any other', async (t) => {
  const context = await openLimits(t, { refreshSession })
  const { limits, clock } = context
  const right = clock.now
  clock.now += 365 * 86_400_000
  assert.equal(await admitted(limits, 200), 120 + CHUNK)
  clock.now = right
  assert.equal(await admitted(limits, 200), 120 + CHUNK)
  const { until } = limits.refusalOfSession(of('a session'))
  assert.ok(until <= right + 60_000, `${until - right} ms`)
  clock.now += 60_000
  assert.equal(await admitted(limits, 200), 120 + CHUNK)
})

test('a limit of one is one', async (t) => {
  const { limits } = await openLimits(t, { refreshSession: { points: 1, seconds: 60 } })
  assert.equal(await admitted(limits, 5), 1)
})

test('without a table to ask nobody is refused', async (t) => {
  const { limits, store } = await openLimits(t, { refreshSession, failuresAddress: refreshSession })
  await store.close()
  assert.equal(await admitted(limits, 500), 500)
  for (let count = 0; count < 200; count++) assert.equal(await limits.failure('192.0.2.1'), undefined)
})

testOnce('of 100,000 sessions in a minute hardly one costs a statement', async (t) => {
  const recording = recordStatements(t)
  const { limits } = await openLimits(t, { refreshSession })
  recording.executed.length = 0
  for (let count = 0; count < 100_000; count++) await limits.mayWrite(of(`session ${count}`))
  const asked = recording.executed.filter(({ sql }) => sql.startsWith('insert')).length
  assert.ok(asked < 30, `${asked}`)
})

test('refused tokens of an address: counted by network, refused until the window ends', async (t) => {
  const recording = recordStatements(t)
  const { limits, clock } = await openLimits(t, { failuresAddress: { points: 10, seconds: 60 } })
  const refused = async () => (await limits.failure('2001:db8:0:1::1')) !== undefined
  const answers = await Promise.all(times(30, refused))
  assert.equal(answers.filter((is) => !is).length, 11)
  recording.executed.length = 0
  assert.notEqual(await limits.failure('2001:db8:0:1:ffff::2'), undefined)
  for (let count = 0; count < 100; count++) assert.equal(await refused(), true)
  assert.equal(recording.executed.length, 0)
  assert.equal(await limits.failure('2001:db8:0:2::1'), undefined)
  clock.now += 60_000
  assert.equal(await refused(), false)
})
