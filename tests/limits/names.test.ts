/** Names that were typed at a login are kept as hashes that nobody can test without the service's secret. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test as testOnce } from 'node:test'
import { createLimits } from '../../src/limits/limits.ts'
import { createNames } from '../../src/limits/names.ts'
import { test } from '../support/database.ts'
import { DAY, LIMITS, NO_LIMITS, SECRET, startService } from '../support/service.ts'
import { addUser, openContext } from '../support/session-context.ts'
import { passed } from './context.ts'

const NEXT = Buffer.from('bmV4dCwgZm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIG9yIG1vcmU')

test('a password that was typed as the name cannot be found by hashing guesses', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  const typed = 'correct-horse-battery-staple'
  await service.tryLogin('ada', typed)
  const rows = await service.core.db.selectFrom('rate_limits').select('key').execute()
  assert.ok(rows.some(({ key }) => key.startsWith('login-account:')))
  for (const encoding of ['base64url', 'hex', 'base64'] as const)
    for (const algorithm of ['sha256', 'sha512', 'sha1', 'md5']) {
      const guess = createHash(algorithm).update(typed).digest(encoding)
      for (const { key } of rows) assert.ok(!key.includes(guess), key)
    }
  for (const { key } of rows) assert.ok(!key.includes(typed), key)
})

testOnce(
  'a name has one hash for all processes with the same secret, and another with any other secret',
  () => {
    const [one, same] = [1, 2].map(() => createNames({ current: SECRET, previous: [] }))
    const next = createNames({ current: NEXT, previous: [SECRET] })
    assert.equal(one?.hash('ada'), same?.hash('ada'))
    assert.notEqual(one?.hash('ada'), one?.hash('grace'))
    assert.notEqual(next.hash('ada'), one?.hash('ada'))
    assert.deepEqual(next.hashes('ada'), [next.hash('ada'), one?.hash('ada')])
    // A changed derivation would forget all known addresses.
    assert.equal(one?.hash('ada'), 'noF4Mqx13fy3FcgcqRBNq2iGHiky--BTNSSzjlk6Itg')
  },
)

test('a change of the secret: counters start again, and known addresses stay known', async (t) => {
  const context = await openContext(t)
  await addUser(context.db)
  const all = {
    limits: { ...NO_LIMITS, loginAccount: { points: 3, seconds: 3600 } },
    sessionMaxAge: 90 * DAY,
  }
  const withSecrets = (current: Uint8Array, ...previous: Uint8Array[]) =>
    createLimits(all, { ...context, names: createNames({ current, previous }) })
  const [old, both, later] = [withSecrets(SECRET), withSecrets(NEXT, SECRET), withSecrets(NEXT)]
  await (await passed(old.login('ada', '192.0.2.1'))).succeeded()
  for (let guess = 0; guess < 3; guess++) await (await passed(old.login('ada', '198.51.100.1'))).failed()
  assert.ok('until' in (await old.login('ada', '198.51.100.1')))
  for (let guess = 0; guess < 3; guess++) await (await passed(both.login('ada', '198.51.100.1'))).failed()
  assert.ok('until' in (await both.login('ada', '198.51.100.1')))
  // The known address has a counter of its own.
  await (await passed(both.login('ada', '192.0.2.1'))).succeeded()
  for (let guess = 0; guess < 3; guess++) await (await passed(later.login('ada', '192.0.2.1'))).failed()
  const refusal = await later.login('ada', '192.0.2.1')
  assert.ok('until' in refusal, 'it was learned with the new secret')
})
