/** The list of `npm run mutations` keeps up with the code. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import { plant, root } from './mutations/mutation.ts'
import { mutations } from './mutations/mutations.ts'

test('each planted fault has exactly one place, is TypeScript, and is looked for by tests that exist', () => {
  for (const mutation of mutations) {
    const { original, changed } = plant(mutation)
    assert.notEqual(changed, original, mutation.why)
    // A fault that does not parse would be noticed by any test.
    assert.doesNotThrow(() => stripTypeScriptTypes(changed), mutation.why)
    assert.ok(mutation.tests.length > 0)
    for (const file of mutation.tests) assert.ok(existsSync(new URL(file, root)), file)
  }
})

test('no fault is planted twice, and each says what goes wrong', () => {
  for (const key of ['why', 'place'] as const) {
    const all = mutations.map(({ why, file, find, replace }) =>
      key === 'why' ? why : JSON.stringify([file, find, replace]),
    )
    assert.equal(new Set(all).size, all.length)
  }
})
