/** `docs/invariants.md`, 4, for a user with thousands of sessions: all of them end, or none. */

import assert from 'node:assert/strict'
import type { EndedSessions } from '../../src/store/queries/endings.ts'
import { revokeSessionsOfUser } from '../../src/store/queries/endings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { updatePassword } from '../../src/store/queries/password-changes.ts'
import { deactivateUser } from '../../src/store/queries/users.ts'
import type { Database } from '../../src/store/schema.ts'
import { connect, test } from '../support/database.ts'
import { addUser, NOW, openContext } from '../support/session-context.ts'
import { addSessions } from './rows.ts'

const COUNT = 2500

/** The operations that end all sessions of a user, and the number of sessions that each leaves. */
const endings: Readonly<
  Record<
    string,
    readonly [left: number, end: (db: Database, userId: string) => Promise<EndedSessions | undefined>]
  >
> = {
  deactivation: [0, (db, userId) => deactivateUser(db, userId, NOW, OPERATOR)],
  'logout of all': [
    0,
    (db, userId) => revokeSessionsOfUser(db, { userId, reason: 'logout_all', now: NOW, origin: OPERATOR }),
  ],
  'change of password': [
    1,
    (db, userId) =>
      updatePassword(
        db,
        {
          userId,
          sessionId: `${userId}-0`,
          oldHash: 'a hash',
          newHash: 'another',
          generation: 0,
          now: NOW,
          expiresAt: NOW + 1,
        },
        OPERATOR,
      ),
  ],
}

const living = async (db: Database, userId: string) =>
  (
    await db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .execute()
  ).length

const change = (db: Database, userId: string) =>
  db
    .selectFrom('users')
    .select(['password_hash', 'deactivated_at'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()

test('more than a statement has the time for, on a slow disk: they end, and one event tells of them', async (t) => {
  const { db, database } = await openContext(t)
  if (t.dialect === 'postgres') {
    const past = await connect(database)
    await past.query(`create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.01); return new; end $$`)
    await past.query(`create trigger slow before update on sessions
      for each row when (new.id like '%0') execute function slow()`)
    await past.close()
  }
  const results = Object.entries(endings).map(async ([name, [left, end]]) => {
    const userId = await addUser(db, name)
    await addSessions(db, userId, COUNT)
    assert.equal((await end(db, userId))?.endedSessions, COUNT - left, name)
    assert.equal(await living(db, userId), left, name)
    const events = await db
      .selectFrom('events')
      .select('name')
      .where('user_id', '=', userId)
      .orderBy('position')
      .execute()
    assert.equal(events.at(-1)?.name, 'sessions.revoked', name)
    assert.ok(events.length <= 3, name)
  })
  await Promise.all(results)
})

test('what fails when all of them have ended: none has', async (t) => {
  const { db } = await openContext(t)
  for (const [name, [, end]] of Object.entries(endings)) {
    const userId = await addUser(db, name)
    await addSessions(db, userId, COUNT)
    const before = await change(db, userId)
    // The last write of the operation
    await db.schema.alterTable('events').renameTo('hidden').execute()
    await assert.rejects(end(db, userId), /events/, name)
    await db.schema.alterTable('hidden').renameTo('events').execute()
    assert.equal(await living(db, userId), COUNT, name)
    assert.deepEqual(await change(db, userId), before, name)
  }
})
