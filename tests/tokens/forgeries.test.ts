/** Each forgery against the verification alone. The responses of the service are in tests/security/forgeries.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signWith } from '../../src/tokens/algorithms.ts'
import type { TokenKeys } from '../../src/tokens/keys.ts'
import { base64url, NOW, parts, tokensWith } from './forge.ts'
import type { Attack } from './forgeries/index.ts'
import { attacks, NAMES } from './forgeries/index.ts'
import type { KeyPair } from './key-pairs.ts'
import { KEY_PAIRS, ringOf } from './key-pairs.ts'
import type { Kind } from './kinds.ts'
import { kinds, names, other } from './kinds.ts'

function refusesAll({ forge }: Attack, kind: Kind, keys: TokenKeys): void {
  const { sign, verify } = kinds[kind]
  const token = sign(keys)
  assert.equal(verify(keys, token, NOW).outcome, 'valid')
  const forgeries = forge({
    token,
    kind,
    other: kinds[other(kind)].sign(keys),
    publicKeys: KEY_PAIRS,
    keyUrl: 'http://127.0.0.1:9/',
  })
  assert.ok(forgeries.length > 0)
  for (const forgery of forgeries) {
    assert.deepEqual(verify(keys, forgery.token, NOW), { outcome: 'invalid' }, forgery.what)
  }
}

for (const attack of attacks) {
  const options = attack.where === 'named' ? NAMES : {}
  for (const kind of names) {
    test(`${attack.title}: ${kind}`, () => refusesAll(attack, kind, tokensWith(options)))
  }
  // A token of HS256 that the secret signed is good during an overlap, and is no forgery then.
  for (const pair of KEY_PAIRS) {
    test(`${attack.title}: access by ${pair.algorithm}`, () =>
      refusesAll(attack, 'access', tokensWith({ ...options, access: ringOf(pair) })))
  }
}

test('RFC 8725 §2.1: each key verifies its own algorithm, and no token of another one', () => {
  for (const pair of [...KEY_PAIRS, 'secret' as const]) {
    const token = kinds.access.sign(tokensWith({ access: ringOf(pair, true) }))
    for (const only of KEY_PAIRS) {
      const keys = tokensWith({ access: ringOf(only, false, [only]) })
      assert.equal(kinds.access.verify(keys, token, NOW).outcome, only === pair ? 'valid' : 'invalid')
      // The right key under the name of another one
      if (pair === 'secret' || only === pair) continue
      const renamed = tokensWith({ access: ringOf(only, false, [{ ...only, kid: pair.kid }]) })
      assert.equal(kinds.access.verify(renamed, token, NOW).outcome, 'invalid')
    }
    const overlap = tokensWith({ access: ringOf(pair, true) })
    assert.equal(kinds.access.verify(overlap, token, NOW).outcome, 'valid')
    assert.equal(kinds.refresh.verify(overlap, token, NOW).outcome, 'invalid')
    const withoutOverlap = tokensWith({ access: ringOf(pair) })
    const outcome = pair === 'secret' ? 'invalid' : 'valid'
    assert.equal(kinds.access.verify(withoutOverlap, token, NOW).outcome, outcome)
  }
})

/** A right signature with a key pair */
function signed({ kid, algorithm, privateKey }: KeyPair, header: object, payload: string) {
  assert.ok(privateKey)
  const input = `${base64url({ ...header, kid })}.${payload}`
  return `${input}.${signWith(algorithm, privateKey, input)}`
}

test('RFC 8725 §3.1: a right signature counts only under the name of the algorithm of its key', () => {
  for (const pair of KEY_PAIRS) {
    const keys = tokensWith({ access: ringOf(pair) })
    const [, payload] = parts(kinds.access.sign(keys))
    for (const alg of [...KEY_PAIRS.map((key) => key.algorithm), 'HS256', 'none', 'ES384', undefined]) {
      const token = signed(pair, { alg, typ: 'at+jwt' }, payload)
      const expected = alg === pair.algorithm ? 'valid' : 'invalid'
      assert.equal(kinds.access.verify(keys, token, NOW).outcome, expected)
    }
  }
})

test('a refresh token is never verified with a public key', () => {
  for (const pair of KEY_PAIRS) {
    const keys = tokensWith({ access: ringOf(pair, true) })
    const token = kinds.refresh.sign(keys)
    assert.equal(kinds.refresh.verify(keys, token, NOW).outcome, 'valid')
    assert.equal(kinds.access.verify(keys, token, NOW).outcome, 'invalid')
    const [, payload] = parts(token)
    const forgery = signed(pair, { alg: pair.algorithm, typ: 'rt+jwt' }, payload)
    assert.equal(kinds.refresh.verify(keys, forgery, NOW).outcome, 'invalid')
  }
})
