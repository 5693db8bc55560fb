/** Each form of an entry names certain tokens, and no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revocation } from '../../src/verify/ended-tokens.ts'
import { createEndedTokens } from '../../src/verify/ended-tokens.ts'

const exp = 1000
const token = { sub: 'ada', sid: 'session 2', jti: 'token', exp }

const FORMS: readonly (readonly [
  entry: Omit<Revocation, 'exp'>,
  ended: readonly object[],
  alive: readonly object[],
])[] = [
  [{ jti: 'token' }, [{}], [{ jti: 'another' }]],
  [{ sid: 'session 2' }, [{}, { generation: 7 }], [{ sid: 'session 1' }]],
  [{ sid: 'session 2', generation: 2 }, [{}, { generation: 1 }], [{ generation: 2 }, { sid: 'session 1' }]],
  [{ sub: 'ada' }, [{}, { sid: 'session 9' }], [{ sub: 'grace' }]],
  [
    { sub: 'ada', through: 'session 2' },
    [{}, { sid: 'session 1' }],
    [{ sid: 'session 3' }, { sub: 'grace' }],
  ],
  [
    { sub: 'ada', through: 'session 4', except: 'session 3' },
    [{}, { sid: 'session 4' }],
    [{ sid: 'session 3' }],
  ],
  [{ through: 'session 2' }, [{}, { sub: 'grace' }], [{ sid: 'session 3' }]],
]

for (const [entry, ended, alive] of FORMS)
  test(JSON.stringify(entry), () => {
    const tokens = createEndedTokens()
    tokens.add([{ ...entry, exp }])
    for (const change of ended)
      assert.equal(tokens.has({ ...token, ...change }), true, JSON.stringify(change))
    for (const change of alive)
      assert.equal(tokens.has({ ...token, ...change }), false, JSON.stringify(change))
    assert.equal(tokens.size, 1)
    assert.equal(tokens.forget(exp), 0)
    assert.equal(tokens.has(token), true)
    assert.equal(tokens.forget(exp + 1), exp)
    assert.deepEqual([tokens.has(token), tokens.size], [false, 0])
  })

test('a later entry adds to an earlier one, and an earlier one takes nothing away', () => {
  const tokens = createEndedTokens()
  tokens.add([
    { sid: 'session 2', generation: 3, exp },
    { sid: 'session 2', generation: 2, exp },
    { through: 'session 5', exp },
    { through: 'session 1', exp: exp + 1 },
    { sub: 'grace', through: 'session 7', exp },
    { sub: 'grace', through: 'session 6', exp },
  ])
  assert.equal(tokens.has({ ...token, generation: 2 }), true)
  assert.equal(tokens.has({ ...token, sid: 'session 5' }), true)
  assert.equal(tokens.has({ ...token, sub: 'grace', sid: 'session 7' }), true)
})
