/** Each forgery against the verification alone. The responses of the service are in tests/security/forgeries.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, tokensWith } from './forge.ts'
import { attacks, NAMES } from './forgeries/index.ts'
import { kinds, names, other } from './kinds.ts'

for (const { title, where, forge } of attacks) {
  for (const kind of names) {
    test(`${title}: ${kind}`, () => {
      const keys = tokensWith(where === 'named' ? NAMES : {})
      const { sign, verify } = kinds[kind]
      const token = sign(keys)
      assert.equal(verify(keys, token, NOW).outcome, 'valid')
      const forgeries = forge({
        token,
        kind,
        other: kinds[other(kind)].sign(keys),
        keyUrl: 'http://127.0.0.1:9/',
      })
      assert.ok(forgeries.length > 0)
      for (const forgery of forgeries) {
        assert.deepEqual(verify(keys, forgery.token, NOW), { outcome: 'invalid' }, forgery.what)
      }
    })
  }
}
