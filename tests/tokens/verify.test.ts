/**
 * Tokens that are valid, expired or invalid, all signed with the right key. Forgeries with another signature are in
 * forgeries.test.ts.
 */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { FOREIGN_SECRET, forge, NOW, NOW_SECONDS, tokensWith } from './forge.ts'
import type { Kind } from './kinds.ts'
import { kinds, names, other } from './kinds.ts'

const INVALID = { outcome: 'invalid' }

const verify = async (kind: Kind, text: string, now = NOW, options = {}) =>
  kinds[kind].verify(await tokensWith(options), text, now)

/** The claims of a valid token, with changes; an undefined claim is left out. */
const changed = (kind: Kind, changes: Readonly<Record<string, unknown>>) =>
  forge(kinds[kind].header, { ...kinds[kind].claims, ...changes })

for (const kind of names) {
  const { claims, header, token } = kinds[kind]
  const good = forge(header, claims)

  test(`${kind}: valid to the last millisecond of the second before exp, expired from then on`, async () => {
    const end = token.expiresAt
    assert.deepEqual(await verify(kind, good, end - 1), { outcome: 'valid', token })
    for (const now of [end, end + 1, end + 999, end * 2]) {
      assert.deepEqual(await verify(kind, good, now), { outcome: 'expired', token }, String(now - end))
    }
  })

  test(`${kind}: nbf counts to the second`, async () => {
    const outcome = async (nbf: unknown) => (await verify(kind, changed(kind, { nbf }))).outcome
    assert.equal(await outcome(NOW_SECONDS), 'valid')
    assert.equal(await outcome(NOW_SECONDS + 1), 'invalid')
    assert.equal(await outcome('soon'), 'invalid')
  })

  test(`${kind}: iat may be a day ahead, as a clock that is set wrong has it, and no more`, async () => {
    const day = 86_400
    const outcome = async (iat: number) => (await verify(kind, changed(kind, { iat, exp: iat + 60 }))).outcome
    assert.equal(await outcome(NOW_SECONDS + day), 'valid')
    assert.equal(await outcome(NOW_SECONDS + day + 1), 'invalid')
  })

  test(`${kind}: iss and aud, when they are set`, async () => {
    const options = { issuer: 'https://id.example', audience: 'api' }
    const iss = options.issuer
    const outcome = async (added: object) =>
      (await verify(kind, changed(kind, { ...added }), NOW, options)).outcome
    assert.equal(await outcome({ iss, aud: 'api' }), 'valid')
    assert.equal(await outcome({ iss, aud: ['other', 'api'] }), 'valid')
    const wrong = [
      {},
      { iss },
      { aud: 'api' },
      { iss: 'https://id.example/', aud: 'api' },
      { iss: [iss], aud: 'api' },
      { iss, aud: 'API' },
      { iss, aud: [] },
      { iss, aud: null },
    ]
    for (const added of wrong) assert.equal(await outcome(added), 'invalid', JSON.stringify(added))
    // Without these settings the claims are ignored.
    assert.equal((await verify(kind, changed(kind, { iss: 'anybody', aud: 'anything' }))).outcome, 'valid')
  })

  test(`${kind}: claims that are missing or of a wrong type`, async () => {
    const values = [undefined, null, 7.5, '', [], {}, true, -1, '1', 2 ** 53]
    for (const [claim, right] of Object.entries(claims)) {
      for (const value of values) {
        // An empty string is a string, and times are any numbers.
        if (typeof value === typeof right && claim !== 'generation' && claim !== 'type') continue
        const text = changed(kind, { [claim]: value })
        assert.deepEqual(await verify(kind, text), INVALID, `${claim}: ${JSON.stringify(value)}`)
      }
    }
  })

  test(`${kind}: an expired token with anything else wrong is invalid, not expired`, async () => {
    const exp = NOW_SECONDS - 1
    assert.equal((await verify(kind, changed(kind, { exp }))).outcome, 'expired')
    for (const claim of Object.keys(claims).filter((name) => name !== 'exp')) {
      assert.deepEqual(await verify(kind, changed(kind, { exp, [claim]: undefined })), INVALID, claim)
    }
    assert.deepEqual(await verify(kind, changed(kind, { exp, nbf: NOW_SECONDS + 1 })), INVALID)
    assert.deepEqual(
      await verify(kind, changed(kind, { exp, type: kinds[other(kind)].claims['type'] })),
      INVALID,
    )
    assert.deepEqual(await verify(kind, changed(kind, { exp }), NOW, { issuer: 'a' }), INVALID)
    assert.deepEqual(await verify(kind, changed(kind, { exp }), NOW, { audience: 'a' }), INVALID)
    assert.deepEqual(await verify(kind, forge({ alg: 'HS256' }, { ...claims, exp })), INVALID)
    assert.deepEqual(await verify(kind, forge(header, { ...claims, exp }, FOREIGN_SECRET)), INVALID)
  })
}

test('signatures are compared whole, however much of one is right', async (t) => {
  const compared: number[][] = []
  const { timingSafeEqual } = crypto
  t.mock.method(crypto, 'timingSafeEqual', (given: Buffer, expected: Buffer) => {
    compared.push([given.length, expected.length])
    return timingSafeEqual(given, expected)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const { header, claims } = kinds.access
  const good = forge(header, claims)
  const signed = good.lastIndexOf('.') + 1
  const wrong = [good.slice(0, signed) + 'x'.repeat(43), `${good.slice(0, -2)}xx`]
  for (const text of [good, ...wrong]) await verify('access', text)
  assert.deepEqual(compared, Array(3).fill([43, 43]))
  assert.deepEqual(await verify('access', good.slice(0, -1)), INVALID, 'of another length')
})
