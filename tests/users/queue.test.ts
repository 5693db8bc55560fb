/** The time in the queue of passwords is bounded. The test controls the clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueue } from '../../src/users/queue.ts'

function start({ concurrency = 1, length = 64, patience = 1000 } = {}) {
  const clock = { now: 5 }
  const queue = createQueue({ concurrency, length, maxWait: patience, now: () => clock.now })
  /** A single hash that takes this many milliseconds */
  const take = async (duration: number) => {
    await queue.run(async () => {
      clock.now += duration
    })
  }
  /** Adds as many as are accepted at once. @returns their number */
  const fill = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let accepted = 0
    while (queue.run(() => promise) !== undefined) accepted++
    return { accepted, release: resolve }
  }
  return { queue, take, fill }
}

test('whoever would wait longer than is bearable is refused at once, going by what the last ones took', async () => {
  for (const [duration, accepted] of [
    // One that runs, and those that start within a second
    [100, 12],
    [400, 4],
    [20, 52],
    // The first is always accepted, and one may always wait: a slow machine still has logins.
    [5000, 2],
  ] as const) {
    const { take, fill } = start()
    await take(duration)
    assert.equal(fill().accepted, accepted, `${duration} ms`)
  }
})

test('two at a time: twice as many wait no longer', async () => {
  const { take, fill } = start({ concurrency: 2 })
  await take(100)
  assert.equal(fill().accepted, 2 + 21)
})

test('never more than may wait, however fast they are or nothing is known of them', async () => {
  const { take, fill } = start({ length: 3 })
  const { accepted, release } = fill()
  assert.equal(accepted, 4)
  release()
  await new Promise(setImmediate)
  await take(0)
  assert.equal(fill().accepted, 4)
})

test('what was slow for a while counts no more when it is over', async () => {
  const { queue, take, fill } = start()
  await take(5000)
  for (let count = 0; count < 60; count++) await take(50)
  const { accepted } = fill()
  assert.ok(accepted > 15 && accepted < 25, `${accepted}`)
  assert.equal(queue.waiting, accepted - 1)
})

test('one that fails fails alone, and its place becomes free', async () => {
  const { queue, take, fill } = start()
  const failed = queue.run(async () => {
    throw new Error('no hash')
  })
  await assert.rejects(async () => failed, /no hash/)
  await take(400)
  assert.equal(fill().accepted, 4)
})
