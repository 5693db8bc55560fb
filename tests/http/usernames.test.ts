/** Usernames: stored as given, compared by NFKC and case folding. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { PASSWORD, startService } from '../support/service.ts'

const NAMES = [
  ['Ada', ['ada', 'ADA', 'aDa', 'ａｄａ', 'ＡＤＡ', '𝒶𝒹𝒶']],
  ['Straße', ['strasse', 'STRASSE', 'STRAẞE', 'straße', 'ﬆraße']],
  // Composed and decomposed; a final sigma and another.
  ['José', ['José', 'JOSÉ'.normalize('NFD'), 'josé'.normalize('NFD')]],
  ['ΟΔΥΣΣΕΎΣ', ['οδυσσεύς', 'οδυσσεύσ']],
  ['ﬁlip①', ['FILIP1', 'filip1']],
  ['ada@example.org', ['ADA@EXAMPLE.ORG']],
] as const

for (const [given, spellings] of NAMES) {
  test(`${given} is ${spellings.join(', ')}`, async (t) => {
    const service = await startService(t)
    const register = (username: string) =>
      service.request('/api/auth/register', { json: { username, password: PASSWORD } })
    const first = await register(given)
    assert.deepEqual([first.status, first.body.data.username], [201, given])
    for (const username of [given, ...spellings]) {
      const second = await register(username)
      assert.deepEqual(second.body, { status: 'error', code: 409, message: 'Username is taken.' }, username)
      const { accessToken } = await service.login(username)
      const me = await service.request('/api/auth/me', { bearer: accessToken })
      // Stored as given, whatever spelling is used at login.
      assert.deepEqual(me.body.data, first.body.data)
    }
    const rows = await service.core.db.selectFrom('users').select('username').execute()
    assert.deepEqual(rows, [{ username: given }])
  })
}

test('names that only look alike are different ones', async (t) => {
  const service = await startService(t)
  // Cyrillic а; dotless ı; an accent; I with a dot, which folds to i and a combining dot.
  for (const username of ['ada', 'аda', 'àda', 'adı', 'adi', 'adİ']) {
    const { body } = await service.request('/api/auth/register', { json: { username, password: PASSWORD } })
    assert.equal(body.data?.username, username)
  }
})

test('what a username may not hold, and how long it may be', async (t) => {
  const service = await startService(t)
  const register = (username: unknown) =>
    service.request('/api/auth/register', { json: { username, password: PASSWORD } })
  const refused = ['', ' ada', 'ada ', 'a da', 'a\tb', 'a\0b', 'a\u00a0b', 'a\u200bb', 'a\u202eb', 'a\ufeff']
  for (const username of [
    ...refused,
    'a\u0007',
    'a\ud800',
    'a\nb',
    // Hangul fillers, which are letters that look like white space, and the replacement character for invalid UTF-8
    ...['\u115f', '\u1160', '\u3164', '\uffa0', 'a\ufffdb'],
    'x'.repeat(129),
    '🦊'.repeat(129),
    7,
    null,
    ['a'],
  ]) {
    const { status, body } = await register(username)
    assert.equal(status, 400, JSON.stringify(username))
    assert.deepEqual([...new Set(body.errors.map(({ path }: { path: string }) => path))], ['username'])
  }
  // Characters count, not UTF-16 units.
  for (const username of ['x', '🦊'.repeat(128)]) assert.equal((await register(username)).status, 201)
  const rows = await service.core.db.selectFrom('users').select('username').execute()
  assert.equal(rows.length, 2)
})
