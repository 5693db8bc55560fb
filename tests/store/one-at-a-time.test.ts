/** What one user asks for many times at once leaves the connections to others. PostgreSQL: SQLite has one connection. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openSession } from '../../src/sessions/open.ts'
import { fewAtATime } from '../../src/store/few-at-a-time.ts'
import { adoptToken } from '../../src/store/queries/adoptions.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { findAccess } from '../../src/store/queries/session-of-user.ts'
import { findSession } from '../../src/store/queries/sessions.ts'
import { deactivateUser, findUser } from '../../src/store/queries/users.ts'
import { connect } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, openContext } from '../support/session-context.ts'

// More than there are connections
const MANY = 40

/** @param lock of another program, for which all of the work waits */
async function othersGoOn(
  t: TestContext,
  lock: string,
  work: (context: StoreContext, userId: string) => Promise<unknown>,
) {
  const context = await openContext(Object.assign(t, { dialect: 'postgres' as const }))
  const userId = await addUser(context.db)
  const other = await addUser(context.db, 'grace')
  const locker = await connect(context.database)
  await locker.query('begin')
  await locker.query(lock)
  const works = Array.from({ length: MANY }, () => work(context, userId).catch(() => {}))
  // Until all of them have asked for a connection
  for (let count = 0; count < 50; count++) await turn()
  assert.equal((await findUser(context.db, other))?.username, 'grace')
  await locker.query('rollback')
  await locker.close()
  await Promise.all(works)
}

test('lists of one user', (t) =>
  othersGoOn(t, 'lock table sessions in access exclusive mode', ({ db, now }, userId) =>
    pageOfSessions(db, { userId, now: now(), idleCutoff: 0, limit: 100 }),
  ))

test('access tokens of one user', (t) =>
  othersGoOn(t, 'lock table sessions in access exclusive mode', ({ db }, userId) =>
    findAccess(db, { userId, sessionId: 'a session', jti: 'a token' }),
  ))

test('refused refreshes and exchanges of one user', (t) =>
  othersGoOn(t, 'lock table sessions in access exclusive mode', ({ db, now }, userId) =>
    findSession(db, { userId, sessionId: 'a session' }, now()),
  ))

test('ends of all sessions of one user', (t) =>
  othersGoOn(t, "select * from users where username = 'ada' for update", ({ db, now }, userId) =>
    deactivateUser(db, userId, now(), OPERATOR),
  ))

test('logins of one user', (t) =>
  othersGoOn(t, "select * from users where username = 'ada' for update", (context, userId) =>
    openSession(context, { userId, passwordHash: undefined, userAgent: null, address: null }, OPERATOR),
  ))

test('trades of one token of another system', (t) =>
  othersGoOn(t, 'lock table adopted_tokens in access exclusive mode', ({ db, now }, userId) => {
    const times = { now: now(), expiresAt: now() + 1000, absoluteExpiresAt: now() + 1000, idleCutoff: 0 }
    const session = { ...times, id: randomUUID(), userId, passwordHash: undefined, ceiling: 100 }
    const token = { digest: 'a token', jti: undefined, successorExpiresAt: now(), expiresAt: now() + 1000 }
    return adoptToken(db, token, { ...session, userAgent: null, address: null }, OPERATOR)
  }))

test('logouts of one session', (t) =>
  othersGoOn(t, 'lock table sessions in access exclusive mode', ({ db, now }, userId) =>
    revokeSession(db, { userId, sessionId: 'a session', reason: 'logout', now: now(), origin: OPERATOR }),
  ))

test('reads of one user: two at once in the order of their coming, and each user has two', async (t) => {
  const { db } = await openContext(Object.assign(t, { dialect: 'postgres' as const }))
  const ends: (() => void)[] = []
  const begun: string[] = []
  const read = (user: string, name: string) =>
    fewAtATime(db, user, () => {
      begun.push(name)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
  const reads = ['a1', 'a2', 'a3', 'a4'].map((name) => read('a', name))
  reads.push(read('b', 'b1'))
  assert.deepEqual(begun, ['a1', 'a2', 'b1'])
  ends[0]?.()
  await reads[0]
  // It comes when there is room, but another has waited for that.
  reads.push(read('a', 'a5'))
  await turn()
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'a3'])
  while (begun.length < 6) {
    for (const end of ends) end()
    await turn()
  }
  assert.deepEqual(begun.slice(4), ['a4', 'a5'])
  for (const end of ends) end()
  await Promise.all(reads)
})

test('a read that fails: the others of its user do not wait for more failures', async (t) => {
  const { db } = await openContext(Object.assign(t, { dialect: 'postgres' as const }))
  const fails: (() => void)[] = []
  const read = () =>
    fewAtATime(db, 'a', () => new Promise((_, reject) => fails.push(() => reject(new Error('no answer')))))
  const results = Promise.allSettled(Array.from({ length: MANY }, read))
  assert.equal(fails.length, 2)
  fails[0]?.()
  await turn()
  assert.equal(fails.length, MANY)
  for (const fail of fails) fail()
  await results
  assert.equal(await fewAtATime(db, 'a', async () => 'again'), 'again')
})
