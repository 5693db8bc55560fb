/** What one user asks for many times at once leaves the connections to others. PostgreSQL: SQLite has one connection. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
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

test('ends of all sessions of one user', (t) =>
  othersGoOn(t, "select * from users where username = 'ada' for update", ({ db, now }, userId) =>
    deactivateUser(db, userId, now(), OPERATOR),
  ))
