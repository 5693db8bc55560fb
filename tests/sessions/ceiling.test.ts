/** SESSIONS_PER_USER: a login beyond it ends the session that was not refreshed for longest. */

import assert from 'node:assert/strict'
import { exchange } from '../../src/sessions/exchange.ts'
import { allActiveSessions } from '../../src/sessions/list.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { openStore } from '../../src/store/open.ts'
import { listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { addSession, addSessions } from '../store/rows.ts'
import { test } from '../support/database.ts'
import { DAY, MINUTE } from '../support/service.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'

const ids = async (context: StoreContext, userId: string) =>
  (await allActiveSessions(context, userId)).map(({ id }) => id).toSorted()

test('the one unused for longest ends in the transaction of the login, with an event', async (t) => {
  const context = await openContext(t, { sessionsPerUser: 3 })
  const userId = await addUser(context.db)
  const [first, second, third] = [
    await logIn(context, userId),
    await logIn(context, userId),
    await logIn(context, userId),
  ]
  context.clock.now += MINUTE
  await refresh(context, first.refreshToken, () => OPERATOR)
  context.clock.now += MINUTE
  await exchange(context, second.accessToken, () => OPERATOR)
  const fourth = await logIn(context, userId)
  const evicted = { name: 'session.revoked', userId, sessionId: third.session.id, reason: 'evicted' }
  assert.deepEqual(
    fourth.events.map(({ name, sessionId, reason }) => ({ name, userId, sessionId, reason })),
    [{ name: 'session.opened', userId, sessionId: fourth.session.id, reason: undefined }, evicted],
  )
  const [stored] = await listEvents(context.db, { userId, limit: 1 })
  assert.deepEqual(
    [stored?.name, stored?.sessionId, stored?.reason],
    ['session.revoked', third.session.id, 'evicted'],
  )
  assert.equal((await refresh(context, third.refreshToken, () => OPERATOR)).outcome, 'revoked')
  assert.equal((await exchange(context, third.accessToken, () => OPERATOR)).outcome, 'revoked')
  assert.deepEqual(
    await ids(context, userId),
    [first, second, fourth].map(({ session }) => session.id).toSorted(),
  )
})

test('only active sessions count, and only those of the user', async (t) => {
  const context = await openContext(t, { sessionsPerUser: 2 })
  const userId = await addUser(context.db)
  const other = await addUser(context.db, 'bob')
  await addSessions(context.db, other, 5)
  const over = [
    { revoked_at: NOW - 1 },
    { absolute_expires_at: NOW },
    { expires_at: NOW, refreshed_at: NOW - 2 * DAY },
  ]
  for (const row of over) await addSession(context.db, userId, row)
  const idle = await addSession(context.db, userId, { expires_at: NOW, refreshed_at: NOW - MINUTE })
  const { session, events } = await logIn(context, userId)
  assert.equal(events.length, 1)
  assert.deepEqual(await ids(context, userId), [idle, session.id].toSorted())
  const { events: evicting } = await logIn(context, userId)
  assert.deepEqual(
    evicting.slice(1).map(({ sessionId }) => sessionId),
    [idle],
  )
  assert.equal((await ids(context, other)).length, 5)
})

test('logins at once, of two processes: no more live than may', async (t) => {
  const context = await openContext(t, { sessionsPerUser: 4 })
  const store = await openStore(context.database)
  const another = { ...context, db: store.db }
  const userId = await addUser(context.db)
  const grants = await Promise.all(
    Array.from({ length: 20 }, (_, index) => logIn(index % 2 === 0 ? context : another, userId)),
  )
  assert.equal((await ids(context, userId)).length, 4)
  const evicted = grants.flatMap(({ events }) => events.slice(1).map(({ sessionId }) => sessionId))
  assert.equal(new Set(evicted).size, 16)
  await store.close()
})

test('thousands from before there was a ceiling: a login ends a hundred, until there are no more than may be', async (t) => {
  const context = await openContext(t, { sessionsPerUser: 50 })
  const userId = await addUser(context.db)
  await addSessions(context.db, userId, 320)
  const counts: number[] = []
  for (let login = 0; login < 5; login++) {
    const { events } = await logIn(context, userId)
    counts.push(events.length - 1)
  }
  assert.deepEqual(counts, [100, 100, 73, 1, 1])
  assert.equal((await ids(context, userId)).length, 50)
})

test('a login that is refused ends nothing', async (t) => {
  const context = await openContext(t, { sessionsPerUser: 1 })
  const userId = await addUser(context.db)
  const { session } = await logIn(context, userId)
  await assert.rejects(logIn(context, userId, 'an old hash'))
  assert.deepEqual(await ids(context, userId), [session.id])
})
