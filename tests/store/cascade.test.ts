import assert from 'node:assert/strict'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deleteUser } from '../../src/store/queries/users.ts'
import { test } from '../support/database.ts'
import { addUser, logIn, openContext, storedRows } from '../support/session-context.ts'

test('a user who is deleted takes all sessions along, and nobody else’s; revoked tokens go at their own time', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const ada = await addUser(db, 'ada')
  const bob = await addUser(db, 'bob')
  const grants = [await logIn(context, ada), await logIn(context, ada), await logIn(context, bob)]
  for (const { accessToken } of grants) {
    assert.equal((await exchange(context, accessToken, () => OPERATOR)).outcome, 'exchanged')
  }
  const before = await storedRows(db)
  assert.deepEqual([before.sessions.length, before.revokedTokens.length], [3, 3])

  assert.deepEqual(await deleteUser(db, ada, Date.now(), OPERATOR), [{ name: 'user.deleted', userId: ada }])
  assert.deepEqual(await storedRows(db), {
    users: before.users.filter(({ id }) => id === bob),
    sessions: before.sessions.filter(({ user_id }) => user_id === bob),
    revokedTokens: before.revokedTokens,
  })
  assert.equal(
    (await refresh(context, grants[0]?.refreshToken ?? '', () => OPERATOR)).outcome,
    'unknown_user',
  )
  assert.equal(await deleteUser(db, ada, Date.now(), OPERATOR), undefined)
})
