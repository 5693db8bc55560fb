/** Ceilings for what succeeds: sessions that a user or an address opens, and refreshes of all sessions of a user. */
import assert from 'node:assert/strict'
import { recordStatements } from '../store/statements.ts'
import { test } from '../support/database.ts'
import type { LimitsContext } from './context.ts'
import { openLimits, passed, refusedBy, times } from './context.ts'

const sessionsUser = { points: 3, seconds: 600 }
const sessionsAddress = { points: 4, seconds: 600 }
const address = '192.0.2.1'

const logIn = async ({ limits }: Pick<LimitsContext, 'limits'>, account: string, from = address) =>
  (await passed(limits.login(account, from))).succeeded()

test('a user opens as many sessions as the limit says, from wherever and on whichever process', async (t) => {
  const context = await openLimits(t, { sessionsUser })
  const another = { limits: await context.another() }
  await logIn(context, 'ada')
  await logIn(another, 'ada', '198.51.100.1')
  await logIn(context, 'ada', '203.0.113.1')
  for (const { limits } of [context, another])
    assert.deepEqual(await refusedBy(context, limits.login('ada', '203.0.113.2')), ['sessions-user', 600_000])
  await logIn(context, 'grace')
  context.clock.now += 600_000
  await logIn(context, 'ada')
})

test('failures of strangers, and logins that were not decided, do not count', async (t) => {
  const context = await openLimits(t, { sessionsUser, sessionsAddress })
  for (let failed = 0; failed < 20; failed++) await passed(context.limits.login('ada', address))
  for (let undone = 0; undone < 20; undone++)
    await (await passed(context.limits.login('ada', address))).undone()
  for (let login = 0; login < 3; login++) await logIn(context, 'ada')
})

test('one address: as many as its limit says for all users together; others are not affected', async (t) => {
  const context = await openLimits(t, { sessionsAddress })
  for (let login = 0; login < 4; login++) await logIn(context, `user-${login}`)
  const refused = await refusedBy(context, context.limits.login('user-9', address))
  assert.deepEqual(refused, ['sessions-address', 600_000])
  await logIn(context, 'user-9', '198.51.100.1')
})

test('a clock that was set back: nobody waits longer than a window', async (t) => {
  const context = await openLimits(t, { sessionsUser })
  context.clock.now += 86_400_000
  for (let login = 0; login < 3; login++) await logIn(context, 'ada')
  context.clock.now -= 86_400_000
  await logIn(context, 'ada')
})

const refreshUser = { points: 120, seconds: 60 }

test('a hundred sessions of one user: no more refreshes than the limit and a tenth of it', async (t) => {
  const { limits, clock } = await openLimits(t, { refreshSession: { points: 120, seconds: 60 }, refreshUser })
  const round = async (userId: string, count: number) => {
    const answers = await Promise.all(
      times(count, (index) => limits.mayWrite({ userId, sessionId: `${userId} ${index % 100}` })),
    )
    return answers.filter(Boolean).length
  }
  assert.equal(await round('ada', 300), 132)
  const session = { userId: 'ada', sessionId: 'ada 1' }
  const { policy, isFirst } = limits.refusalOfSession(session)
  assert.deepEqual([policy.name, isFirst], ['refresh-user', true])
  assert.equal(limits.refusalOfSession(session).isFirst, false)
  assert.equal(await round('grace', 100), 100)
  clock.now += 60_000
  assert.equal(await round('ada', 100), 100)
})

test('an ordinary user costs no statement', async (t) => {
  const recording = recordStatements(t)
  const { limits } = await openLimits(t, { refreshSession: { points: 120, seconds: 60 }, refreshUser })
  recording.executed.length = 0
  for (let count = 0; count < 12; count++)
    assert.equal(await limits.mayWrite({ userId: 'ada', sessionId: `${count}` }), true)
  assert.equal(recording.executed.length, 0)
})
