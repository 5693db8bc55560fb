import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { gatherer } from '../../src/http/pipeline/gather.ts'

const HANGING = 60_000

/** @returns the number of those who have been let in, which goes up */
function door(commitTime: number) {
  const gather = gatherer(() => commitTime)
  const seen = { inside: 0 }
  const come = async (count: number) => {
    for (let index = 0; index < count; index++) void gather().then(() => seen.inside++)
    await nextTurn()
  }
  return { seen, come }
}

test('where no commits are shared, nobody waits for more than a turn', async () => {
  const { seen, come } = door(0)
  await come(3)
  await nextTurn()
  assert.equal(seen.inside, 3)
  await come(1)
  await nextTurn()
  assert.equal(seen.inside, 4)
})

test('where they are, the first wait for as many as there were the last time', async (t) => {
  // Whoever is held up for as long as they wait at the most comes too late, and tries again.
  for (let tries = 1; ; tries++) {
    const { seen, come } = door(HANGING)
    await come(3)
    await nextTurn()
    const begun = performance.now()
    await come(1)
    await come(1)
    const early = seen.inside
    await come(1)
    await nextTurn()
    if (performance.now() - begun > 7 && tries < 100) continue
    assert.deepEqual([early, seen.inside], [3, 6])
    return t.diagnostic(`${tries} tries`)
  }
})

test('but no longer than a commit takes', async (t) => {
  // Who is held up meanwhile has waited for longer, and tries again.
  for (let tries = 1; ; tries++) {
    const { seen, come } = door(2)
    await come(3)
    await nextTurn()
    const begun = performance.now()
    await come(1)
    while (seen.inside === 3) await nextTurn()
    const waited = performance.now() - begun
    assert.ok(waited >= 2, `${waited} ms`)
    if (waited < 6) return t.diagnostic(`${tries} tries`)
    assert.ok(tries < 100, `${waited} ms`)
  }
})

test('nor than a few milliseconds, and then for fewer', async () => {
  const { seen, come } = door(HANGING)
  await come(3)
  await nextTurn()
  const begun = performance.now()
  await come(1)
  while (seen.inside === 3) await nextTurn()
  const waited = performance.now() - begun
  assert.ok(waited >= 7 && waited < 1000, `${waited} ms`)
  await wait(1)
  await come(1)
  await nextTurn()
  assert.equal(seen.inside, 5)
})
