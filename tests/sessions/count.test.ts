/** The number of active sessions for Prometheus, counted in slices. */

import assert from 'node:assert/strict'
import { countSessions, sessionCounter } from '../../src/sessions/count.ts'
import { allActiveSessions } from '../../src/sessions/list.ts'
import { endSession } from '../../src/sessions/revoke.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { recordStatements } from '../store/statements.ts'
import { connect, test } from '../support/database.ts'
import { DAY } from '../support/service.ts'
import { addUser, logIn, openContext } from '../support/session-context.ts'
import { until } from '../support/until.ts'

test('the living are counted, slice by slice, each found by the key', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  assert.equal(await countSessions(context), 0)
  const user = await addUser(context.db)
  const grants = []
  for (let count = 0; count < 4; count++) grants.push(await logIn(context, user))
  assert.equal(await countSessions(context, 2), 4)
  await endSession(context, {
    sessionId: String(grants[3]?.session.id),
    reason: 'ended',
    userId: user,
    origin: OPERATOR,
  })

  recording.executed.length = 0
  for (const size of [3, 4, 5]) assert.equal(await countSessions(context, size), 3)
  const statement = recording.executed.find(({ sql }) => sql.startsWith('select'))
  const database = await connect(context.database)
  if (t.dialect === 'postgres') await database.query('set enable_seqscan = off')
  const explain = t.dialect === 'postgres' ? 'explain' : 'explain query plan'
  const plan = JSON.stringify(await database.query(`${explain} ${statement?.sql}`, statement?.parameters))
  assert.match(plan, /SEARCH sessions USING INDEX|Index Scan using sessions_pkey on sessions/)
  assert.doesNotMatch(plan, /SCAN sessions|Seq Scan|TEMP B-TREE|Sort/)
  await database.close()
})

test('past the idle deadline and the window of the exchange nobody lives: as in the list of sessions', async (t) => {
  const context = await openContext(t)
  const user = await addUser(context.db)
  await logIn(context, user)
  for (const [days, living] of [
    [29, 1],
    [1, 0],
  ] as const) {
    context.clock.now += days * DAY
    assert.equal(await countSessions(context), living)
    assert.equal((await allActiveSessions(context)).length, living)
  }
})

test('a counter never waits, counts anew when its count is old, and tells no old number', async (t) => {
  const context = await openContext(t)
  const user = await addUser(context.db)
  await logIn(context, user)
  const count = sessionCounter(context, 20)
  const counts = (expected: number | undefined) => until(() => count() === expected, `${expected}`)
  assert.equal(count(), undefined)
  await counts(1)
  await logIn(context, user)
  assert.equal(count(), 1)
  await counts(2)
  await context.store.close()
  await counts(undefined)
})
