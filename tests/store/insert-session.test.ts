/** A login whose check is no longer true opens no session, and leaves no trace. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertSession } from '../../src/store/queries/insert-session.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
import { activateUser, deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import type { Database } from '../../src/store/schema.ts'
import { test } from '../support/database.ts'
import { DAY } from '../support/service.ts'
import { addUser, NOW, openContext, storedRows } from '../support/session-context.ts'

const login = (userId: string, passwordHash = 'a hash') => ({
  id: randomUUID(),
  userId,
  passwordHash,
  now: NOW + 1,
  expiresAt: NOW + DAY,
  absoluteExpiresAt: NOW + 90 * DAY,
  ceiling: 100,
  idleCutoff: NOW,
  userAgent: 'a browser',
  address: '192.0.2.1',
})

test('a good login: one session, and the time of the login with the user', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  const given = login(userId)
  const { session, events } = (await insertSession(db, given, OPERATOR)) ?? {}
  assert.deepEqual(events, [{ name: 'session.opened', userId, sessionId: given.id, reason: undefined }])
  const row = {
    id: given.id,
    lineage: null,
    jkt: null,
    userId,
    generation: 0,
    rotatedAt: NOW + 1,
    expiresAt: NOW + DAY,
    absoluteExpiresAt: NOW + 90 * DAY,
    revokedAt: null,
  }
  assert.deepEqual(session, { ...row, claims: null, userClaims: null })
  const { rows: listed } = await pageOfSessions(db, { userId, now: NOW, idleCutoff: NOW, limit: 2 })
  const times = { createdAt: NOW + 1, refreshedAt: NOW + 1, boundAt: null, refreshCount: 0 }
  const never = { refreshedAddress: null, refreshedUserAgent: null, shown: null }
  assert.deepEqual(listed, [{ ...row, ...times, ...never, userAgent: 'a browser', address: '192.0.2.1' }])
  const { users } = await storedRows(db)
  assert.equal(users[0]?.last_login_at, NOW + 1)
})

test('a raised hash is stored with the session, and only with it', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  const hash = async () => (await storedRows(db)).users[0]?.password_hash
  const first = { ...login(userId), rehashed: 'a raised hash' }
  await insertSession(db, first, OPERATOR)
  assert.equal(await hash(), 'a raised hash')
  const second = { ...login(userId, 'a raised hash'), id: first.id, rehashed: 'raised again' }
  await assert.rejects(insertSession(db, second, OPERATOR))
  assert.equal(await insertSession(db, { ...login(userId), rehashed: 'raised again' }, OPERATOR), undefined)
  assert.equal(await hash(), 'a raised hash')
})

const changes: Readonly<Record<string, (db: Database, userId: string) => Promise<unknown>>> = {
  'the password was changed': (db, id) =>
    db.updateTable('users').set({ password_hash: 'another' }).where('id', '=', id).execute(),
  'the user was deactivated': (db, id) => deactivateUser(db, id, NOW, OPERATOR),
  'the user was deleted': (db, id) => deleteUser(db, id, NOW, OPERATOR),
}

for (const [what, change] of Object.entries(changes)) {
  test(`${what} since: undefined, and nothing is written`, async (t) => {
    const { db } = await openContext(t)
    const userId = await addUser(db)
    await change(db, userId)
    const before = await storedRows(db)
    assert.equal(await insertSession(db, login(userId), OPERATOR), undefined)
    assert.deepEqual(await storedRows(db), before)
  })
}

test('without a password: whatever it is, but only while the user is there and active', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  const opened = () => insertSession(db, { ...login(userId), passwordHash: undefined }, OPERATOR)
  await changes['the password was changed']?.(db, userId)
  assert.equal((await opened())?.session.userId, userId)
  for (const change of [deactivateUser, deleteUser]) {
    await change(db, userId, NOW, OPERATOR)
    const before = await storedRows(db)
    assert.equal(await opened(), undefined)
    assert.deepEqual(await storedRows(db), before)
  }
})

test('deactivated and activated again: a new login opens a session', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  await deactivateUser(db, userId, NOW, OPERATOR)
  await activateUser(db, userId, Date.now(), OPERATOR)
  assert.notEqual(await insertSession(db, login(userId), OPERATOR), undefined)
})

test('an id that is taken fails as a whole: the time of the login is not written either', async (t) => {
  const { db } = await openContext(t)
  const userId = await addUser(db)
  const first = login(userId)
  await insertSession(db, first, OPERATOR)
  const before = await storedRows(db)
  await assert.rejects(insertSession(db, { ...first, now: NOW + 2 }, OPERATOR), {
    code: t.dialect === 'sqlite' ? 'SQLITE_CONSTRAINT_PRIMARYKEY' : '23505',
  })
  assert.deepEqual(await storedRows(db), before)
})
