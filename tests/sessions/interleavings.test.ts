/**
 * `docs/invariants.md`, statement by statement. For every two operations on one session, the second runs between any two
 * statements of the first, including begin and commit. The result must be that of one operation after the other.
 */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { End } from './interleavings/end.ts'
import { checkCounts, checkLineage, checkNothingLives, explainedBy } from './interleavings/end.ts'
import { interleave } from './interleavings/interleave.ts'
import type { Result } from './interleavings/operations.ts'
import { ENDINGS, OPERATIONS, pruneWhatIsLeft } from './interleavings/operations.ts'
import type { World } from './interleavings/world.ts'
import { openWorld } from './interleavings/world.ts'

// Statement by statement these are the same operations on PostgreSQL, where the pairs take longer.
const SHARES = { sqlite: effort(0.15, 1), postgres: effort(0.2, 1) }
const SEED = Number(process.env['INTERLEAVINGS_SEED'] ?? 20261122)

test(`every two operations, the second between any two statements of the first, INTERLEAVINGS_SEED=${SEED}`, async (t) => {
  const world = await openWorld(t)
  await everySchedule(t, SHARES[t.dialect], world, world.processes, world.isWaiting)
})

test('the same when the grace windows are over', async (t) => {
  const world = await openWorld(t, { isLate: true })
  await everySchedule(t, SHARES[t.dialect] / 5, world, world.processes, world.isWaiting)
})

// On PostgreSQL each request of a process has its own connection, like the requests of two processes.
testOnce('the same in one process, where requests share commits', async (t) => {
  const world = await openWorld(Object.assign(t, { dialect: 'sqlite' as const }))
  // A statement that has not returned by then waits in the driver for the other's transaction.
  await everySchedule(t, effort(0.12, 1), world, world.requests, async (turns) => turns > 20)
})

/** @param share of the pairs; the seed chooses which */
async function everySchedule(
  t: TestContext,
  share: number,
  world: World,
  [one, two]: World['processes'],
  isWaiting: (turns: number) => Promise<boolean>,
): Promise<void> {
  const random = seededRandom(SEED)
  let schedules = 0
  for (const [first, a] of Object.entries(OPERATIONS)) {
    for (const [second, b] of Object.entries(OPERATIONS)) {
      if (random() >= share) continue
      const doFirst = () => a(one, world)
      const doSecond = () => b(two, world)
      const checkExplained = explainedBy(world, [
        await ordered(world, doFirst, doSecond),
        reversed(await ordered(world, doSecond, doFirst)),
      ])
      for (let position = 1; ; position++) {
        await world.reset()
        const results = await interleave(doFirst, position, doSecond, isWaiting)
        if (results === undefined) break
        schedules++
        try {
          const end = await endOf(world, results)
          checkExplained(end)
          checkCounts(end)
          checkLineage(world, end)
          if (first in ENDINGS || second in ENDINGS) await checkNothingLives(world, end)
        } catch (error) {
          throw new Error(`${second} before statement ${position} of ${first}: ${error}`, { cause: error })
        }
      }
    }
  }
  t.diagnostic(`${schedules} schedules`)
  assert.ok(schedules > 600 * share, 'operations consist of statements')
}

async function endOf(world: World, [a, b]: readonly [Result, Result]): Promise<End> {
  const results = [await pruneWhatIsLeft(world, a), await pruneWhatIsLeft(world, b)] as const
  return { results, rows: await world.rows() }
}

type Doing = () => Promise<Result>

async function ordered(world: World, first: Doing, second: Doing): Promise<End> {
  await world.reset()
  return { results: [await first(), await second()], rows: await world.rows() }
}

const reversed = ({ results: [second, first], rows }: End): End => ({ results: [first, second], rows })
