import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { idAfter, newId } from '../../src/ids.ts'

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0, 123)

test('a UUID of version 7, with the time in front (RFC 9562 §5.7)', () => {
  const id = newId(NOW)
  assert.equal(z.uuidv7().safeParse(id).success, true, id)
  assert.equal(Number.parseInt(id.slice(0, 13).replace('-', ''), 16), NOW)
})

test('no two alike, and in the order of their times', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => newId(NOW + (index >> 3)))
  assert.equal(new Set(ids).size, ids.length)
  const times = ids.map((id) => id.slice(0, 13))
  assert.deepEqual(times.toSorted(), times)
  assert.ok(newId(0) < newId(NOW))
})

test('what comes after an id is the same each time, and another for another id or time', () => {
  const first = newId(NOW)
  const after = idAfter(first, NOW + 1)
  assert.equal(idAfter(first, NOW + 1), after)
  assert.equal(
    new Set([after, idAfter(first, NOW), idAfter(newId(NOW), NOW + 1), idAfter(after, NOW + 1)]).size,
    4,
  )
  assert.ok(first < after && after < newId(NOW + 2))
})
