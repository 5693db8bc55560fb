/** The sessions of all users end in batches. On SQLite a writer keeps others out, so it must pause between them. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openStore } from '../../src/store/open.ts'
import { listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { revokeAllSessions } from '../../src/store/queries/revocations.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'
import { addSession } from './rows.ts'

const COUNT = 1800

/** Many sessions, and a second connection to the same database. */
async function openCrowd(t: TestContext) {
  const context = await openContext(t, { sessionsPerUser: 10 * COUNT })
  const user = await addUser(context.db)
  await context.db.transaction().execute(async (trx) => {
    // Like old sessions: their ids sort before new ones.
    for (let index = 0; index < COUNT; index++) await addSession(trx, user, { id: `0000${10_000 + index}` })
  })
  const other = await openStore(context.database)
  t.after(() => other.close())
  const living = async () => {
    const rows = await context.db
      .selectFrom('sessions')
      .where('revoked_at', 'is', null)
      .select('id')
      .execute()
    return rows.length
  }
  const told = async () => {
    const events = await listEvents(context.db, { name: 'sessions.revoked', limit: 10 })
    return events.map(({ reason }) => reason)
  }
  return { context, other, living, told }
}

test('others come in between two batches, and what they open ends as well', async (t) => {
  const { context, other, living, told } = await openCrowd(t)
  // Of a user who is below the ceiling, so that a login ends nothing.
  const user = await addUser(context.db, 'bob')
  const ended = revokeAllSessions(other.db, { reason: 'operator', now: NOW, origin: OPERATOR })
  while ((await living()) === COUNT) await turn()
  const left = await living()
  assert.ok(left > 0 && left < COUNT, `${left} left`)
  for (let count = 0; count < 3; count++) await logIn(context, user)
  // Further batches may have ended meanwhile.
  assert.ok((await living()) <= left + 3)
  assert.equal(await ended, COUNT + 3)
  assert.equal(await living(), 0)
  assert.deepEqual(await told(), ['operator'])
})

test('broken off, and run again', async (t) => {
  const { context, other, living, told } = await openCrowd(t)
  const broken = assert.rejects(
    revokeAllSessions(other.db, { reason: 'operator', now: NOW, origin: OPERATOR }),
  )
  while ((await living()) === COUNT) await turn()
  await other.close()
  await broken
  const left = await living()
  assert.ok(left > 0 && left < COUNT, `${left} left`)
  assert.deepEqual(await told(), ['operator'], 'what has ended is told of')
  assert.equal(await revokeAllSessions(context.db, { reason: 'operator', now: NOW, origin: OPERATOR }), left)
  assert.equal(await living(), 0)
  assert.deepEqual(await told(), ['operator', 'operator'])
})
