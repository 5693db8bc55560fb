/** Networks take turns, and the time in the queue of passwords is bounded. The test controls the clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createQueue } from '../../src/users/queue.ts'

function start({ concurrency = 1, length = 64, patience = 1000, cost = 0 } = {}) {
  const clock = { now: 5 }
  const queue = createQueue({
    concurrency,
    length,
    maxWait: patience,
    cost: () => cost,
    now: () => clock.now,
  })
  const order: string[] = []
  const refused: string[] = []
  const ends: (() => void)[] = []
  /** Adds a task that runs until `end`. */
  const add = (name: string, ...path: string[]) => {
    const work = async () => {
      order.push(name)
      await new Promise<void>((resolve) => ends.push(resolve))
      return {}
    }
    void queue.run(path, work).then((result) => result ?? refused.push(name))
  }
  const addMany = (count: number, name: string, ...path: string[]) => {
    for (let index = 0; index < count; index++) add(`${name}${index}`, ...path)
  }
  /** Ends the oldest running task. */
  const end = async () => {
    ends.shift()?.()
    await turn()
  }
  const endAll = async () => {
    while (ends.length > 0) await end()
  }
  return { queue, clock, order, refused, add, addMany, end, endAll }
}

test('whoever would wait longer than is bearable is refused at once', async () => {
  for (const [cost, accepted] of [
    // One that runs, and those that start within a second
    [100, 12],
    [400, 4],
    [20, 52],
    // The first is always accepted, and one may always wait: a slow machine still has logins.
    [5000, 2],
  ] as const) {
    const { addMany, refused } = start({ cost })
    addMany(60, 'a', 'a')
    await turn()
    assert.equal(60 - refused.length, accepted, `${cost} ms`)
  }
})

test('never more than may wait, and then there is room again', async () => {
  const { addMany, add, refused, order, end, endAll, queue } = start({ length: 3, concurrency: 2 })
  addMany(6, 'a', 'a')
  await turn()
  assert.deepEqual([refused, queue.waiting], [['a5'], 3])
  await end()
  add('late', 'a')
  await endAll()
  assert.deepEqual(order, ['a0', 'a1', 'a2', 'a3', 'a4', 'late'])
  assert.equal(queue.waiting, 0)
})

test('lanes are served in turn, however many wait in one of them, and so are lanes inside them', async () => {
  const { addMany, add, order, endAll } = start()
  addMany(4, 'a', 'a', 'x')
  add('neighbour', 'a', 'y')
  addMany(2, 'b', 'b', 'z')
  await turn()
  await endAll()
  assert.deepEqual(order, ['a0', 'a1', 'b0', 'neighbour', 'b1', 'a2', 'a3'])
})

test('a full queue: the longest lane gives its newest task up, but not to a lane that is as long', async () => {
  const { addMany, add, refused, order, endAll } = start({ length: 4 })
  add('runs', 'r')
  addMany(4, 'a', 'a', 'x')
  for (const name of ['b', 'c', 'd', 'e']) add(name, name)
  await turn()
  assert.deepEqual(refused.sort(), ['a1', 'a2', 'a3', 'e'])
  await endAll()
  assert.deepEqual(order, ['runs', 'a0', 'b', 'c', 'd'])
})

test('inside a lane, too: a neighbour in a full lane gets a place', async () => {
  const { addMany, add, refused, endAll } = start({ length: 4 })
  add('runs', 'r')
  addMany(4, 'a', 'a', 'x', '1')
  add('next door', 'a', 'x', '2')
  add('same house', 'a', 'x', '1')
  await turn()
  assert.deepEqual(refused.sort(), ['a3', 'same house'])
  await endAll()
})

test('a long lane makes nobody else wait: the expected wait of others is that of their turns', async () => {
  const { addMany, add, refused, order, endAll } = start({ cost: 100 })
  addMany(30, 'a', 'a')
  await turn()
  assert.equal(refused.length, 30 - 12)
  addMany(3, 'b', 'b')
  add('c', 'c')
  await turn()
  assert.equal(refused.length, 30 - 12)
  await endAll()
  assert.deepEqual(order.slice(0, 7), ['a0', 'a1', 'b0', 'c', 'a2', 'b1', 'a3'])
})

test('a task that has waited far too long gives way to later ones, and the last one runs all the same', async () => {
  const { addMany, refused, order, clock, end } = start()
  addMany(4, 'a', 'a')
  await turn()
  clock.now += 2001
  await end()
  assert.deepEqual(
    [order, refused],
    [
      ['a0', 'a3'],
      ['a1', 'a2'],
    ],
  )
})

test('one that fails fails alone, and its place becomes free', async () => {
  const { queue, add, order } = start()
  await assert.rejects(
    queue.run(['a'], async () => {
      throw new Error('no hash')
    }),
    /no hash/,
  )
  add('next', 'a')
  assert.deepEqual(order, ['next'])
})
