/** Texts from outside: the same results on both dialects. */

import assert from 'node:assert/strict'
import { refresh } from '../../src/sessions/refresh.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertSession } from '../../src/store/queries/insert-session.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
import { findUserByName } from '../../src/store/queries/users.ts'
import { verifyAccessToken } from '../../src/tokens/access-token.ts'
import { listUsers } from '../cli/fixtures.ts'
import { freshDatabase, test } from '../support/database.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { addUser, NOW, openContext } from '../support/session-context.ts'
import { resigned } from '../support/tokens.ts'

// In the order of UTF-8 bytes, which a locale would change: punctuation, capitals, accents, and characters that are
// surrogates in UTF-16 after those that are not.
const ORDERED = ['-b', 'B', 'Z', '_a', 'a', 'a-c', 'ab', 'b', 'z', 'é', 'ﬀ', '😀']

test('users are listed by the bytes of their names, whatever the locale of the database', async (t) => {
  const icu = "template0 locale_provider icu icu_locale 'en' locale 'C'"
  const database = await freshDatabase(t, t.dialect, icu)
  const store = await openStore(database)
  await migrate(store.db)
  for (const name of ORDERED.toReversed()) await addUser(store.db, name)
  assert.deepEqual(
    (await listUsers(store.db)).map(({ username }) => username),
    ORDERED,
  )
  await store.close()
})

test('texts come back as they were given', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  const userAgent = `'"\\; -- $1 ? \u{1f600}\u0001\u001f\u007f\u0080\uffff é e\u0301 ${'x'.repeat(200)}`
  const times = { now: NOW, expiresAt: NOW + 1, absoluteExpiresAt: NOW + 1, ceiling: 100, idleCutoff: NOW }
  const given = { id: "' or 1=1", userId, passwordHash: 'a hash', userAgent, address: '::1', ...times }
  assert.equal((await insertSession(db, given, OPERATOR))?.session.id, given.id)
  const { rows } = await pageOfSessions(db, { userId, now: NOW - 1, idleCutoff: NOW, limit: 1 })
  assert.equal(rows[0]?.userAgent, userAgent)
  // The longest possible name: a character that normalises to 18 characters, 128 times.
  const usernameKey = '\ufdfa'.repeat(128).normalize('NFKC')
  assert.ok(usernameKey.length > 2000)
  await insertUser(db, { id: 'b', username: 'b', usernameKey, passwordHash: '', now: NOW }, OPERATOR)
  assert.equal((await findUserByName(db, usernameKey))?.id, 'b')
})

test('authentic tokens with claims that no database could hold: 401, as for any other that is not ours', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  const long = Array.from({ length: 600 }, (_, index) =>
    String.fromCharCode(0x4e00 + ((index * 7919) % 9000)),
  )
  for (const id of ['a\0b', '\0', 'a\ud800', '\udc00b', 'x'.repeat(513), long.join('')]) {
    for (const claim of ['sub', 'sid', 'jti']) {
      const access = resigned(accessToken, { [claim]: id })
      assert.equal((await service.exchange(access)).body.message, 'Invalid access token.')
      assert.equal((await service.request('/api/auth/me', { bearer: access })).status, 401)
      const logout = { method: 'POST', bearer: access }
      assert.equal((await service.request('/api/auth/logout', logout)).status, 401)
      const { body } = await service.refresh(resigned(refreshToken, { [claim]: id }))
      assert.equal(body.message, 'Invalid refresh token.')
    }
  }
  for (const exp of [1e300, -1e300, 8.7e12]) {
    assert.equal((await service.exchange(resigned(accessToken, { exp }))).status, 401)
    assert.equal((await service.refresh(resigned(refreshToken, { exp }))).status, 401)
  }
})

test('fractions of a second, an id as long as it may be: taken as they are', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  assert.equal((await service.refresh(resigned(refreshToken, { sub: 'x'.repeat(512) }))).status, 404)
  const exp = Math.floor(service.clock.now / 1000) + 60.1234567
  const token = resigned(accessToken, { exp, jti: '語'.repeat(512) })
  const verified = await verifyAccessToken(service.core.keys, token, service.clock.now)
  assert.ok(verified.outcome === 'valid' && Number.isInteger(verified.token.expiresAt))
  assert.equal((await service.exchange(token)).status, 200)
  for (const username of ['a\0b', '\0', 'ada\0', '\ud800']) {
    const login = { json: { username, password: PASSWORD } }
    assert.equal((await service.request('/api/auth/login', login)).status, 400)
  }
  assert.equal((await refresh(service.core, 'a\0b', () => OPERATOR)).outcome, 'invalid')
})
