/** What a receiver gets: each event at least once, and those of a session in order, despite failures on both sides. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import { startDelivery } from '../../src/events/deliver.ts'
import type { SecurityEvent } from '../../src/store/event-names.ts'
import { LANES } from '../../src/store/event-names.ts'
import { claimDeliveries, endDelivery, postponeDelivery } from '../../src/store/queries/deliveries.ts'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { onPostgres, untilWaiting } from '../store/crossing.ts'
import { recordStatements } from '../store/statements.ts'
import { connect, test } from '../support/database.ts'
import { DAY, startService } from '../support/service.ts'
import { openContext } from '../support/session-context.ts'
import { until } from '../support/until.ts'
import { deliverFor, startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts'

const undelivered = async (service: Awaited<ReturnType<typeof startService>>) =>
  (await service.core.db.selectFrom('events').select('id').where('deliver_at', 'is not', null).execute())
    .length

testOnce(
  'signed, once, in the order of the session; a receiver that fails, breaks off and redirects is asked again',
  async (t) => {
    // Each attempt that fails is made once more without the text of the client.
    const answers = [500, 'reset', 302, 503] as const
    const receiver = await startReceiver(t, (_, all) => answers[all.length - 1] ?? 204)
    const service = await startService(t)
    await service.register()
    // Only events of the session are due, because the first of them fails.
    await service.core.db.updateTable('events').set({ deliver_at: null }).execute()
    const { refreshToken } = await service.login()
    await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
    deliverFor(t, service, receiver.url)
    await until(async () => (await undelivered(service)) === 0, 'delivery')
    const opened = Array(answers.length + 1).fill('session.opened')
    assert.deepEqual(receiver.types(), [...opened, 'session.revoked'])
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 2)
    for (const [index, { headers, body, event }] of receiver.received.entries()) {
      const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
      const expected = createHmac('sha256', WEBHOOK_SECRET)
        .update(`${id}.${timestamp}.${body}`)
        .digest('base64')
      assert.equal(signature, `v1,${expected}`)
      assert.ok(Math.abs(Date.now() / 1000 - Number(timestamp)) < 60)
      assert.equal(event.id, id)
      assert.ok(event.data.session_id && event.data.user_id && event.data.address)
      assert.equal(event.data.request_id === null, index === 1 || index === 3)
    }
    assert.ok(!service.logged().includes(WEBHOOK_SECRET))
  },
)

test('two processes on one database: nothing is sent twice, and no session out of order', async (t) => {
  const receiver = await startReceiver(t)
  const first = await startService(t)
  const second = await startService(t, { database: first.database }, first.clock)
  const SESSIONS = 20
  for (let session = 0; session < SESSIONS; session++) {
    for (const name of ['session.opened', 'password.refused', 'session.revoked'])
      await insertEvents(
        first.core.db,
        [{ name: name as SecurityEvent, sessionId: `s${session}` }],
        1,
        OPERATOR,
      )
  }
  for (const service of [first, second]) deliverFor(t, service, receiver.url)
  await until(async () => (await undelivered(first)) === 0, 'delivery')
  assert.equal(receiver.received.length, 3 * SESSIONS)
  for (const events of Map.groupBy(receiver.received, ({ event }) => event.data.session_id).values())
    assert.deepEqual(
      events.map(({ event }) => event.type),
      ['session.opened', 'password.refused', 'session.revoked'],
    )
})

test('a session whose first event fails waits, and nobody else does; a claim that is over is free', async (t) => {
  const { db } = await openContext(t)
  for (const sessionId of ['a', 'b', 'a'])
    await insertEvents(db, [{ name: 'login.failed', sessionId }], 1, OPERATOR)
  await insertEvents(db, [{ name: 'sessions.revoked' }, { name: 'user.deleted' }], 1, OPERATOR)
  const claim = async (now: number) => {
    const claimed = await claimDeliveries(db, { lane: LANES.others, now, claimedUntil: now + 30, limit: 10 })
    return claimed.toSorted((one, other) => one.position - other.position)
  }
  const of = (rows: Awaited<ReturnType<typeof claim>>) => rows.map(({ sessionId }) => sessionId)
  const [a, b, ...rest] = await claim(100)
  assert.ok(a && b)
  assert.deepEqual(of([a, b, ...rest]), ['a', 'b', null, null])
  assert.deepEqual(await claim(100), [])
  for (const delivery of [b, ...rest]) await endDelivery(db, delivery)
  await postponeDelivery(db, a, 120)
  assert.deepEqual(await claim(119), [])
  const [again] = await claim(120)
  assert.deepEqual([again?.id, again?.attempts], [a.id, 2])
  // The process that had claimed it before is too late: it may only report that the event was delivered.
  await postponeDelivery(db, a, 121)
  assert.deepEqual(await claim(149), [], 'it is claimed')
  const [free] = await claim(150)
  assert.equal(free?.id, a.id, 'its process died')
  await endDelivery(db, a)
  assert.deepEqual(of(await claim(150)), ['a'])
  assert.deepEqual(await claim(1000).then(of), ['a'], 'the last one')
})

onPostgres('a claim that waited for another process to claim an event leaves it to that one', async (t) => {
  const { db, database } = await openContext(t)
  const [other, watcher] = [await connect(database), await connect(database)]
  t.after(() => Promise.all([other.close(), watcher.close()]))
  await insertEvents(db, [{ name: 'login.failed', sessionId: 'a' }], 1, OPERATOR)
  await other.query('begin')
  await other.query('update events set deliver_at = 130, attempts = attempts + 1')
  const claimed = claimDeliveries(db, { lane: LANES.others, now: 100, claimedUntil: 130, limit: 10 })
  await untilWaiting(watcher, 'row')
  await other.query('commit')
  assert.deepEqual(await claimed, [])
  assert.deepEqual(await db.selectFrom('events').select('attempts').execute(), [{ attempts: 1 }])
})

testOnce('while nobody is there, one attempt at a time is made, and then all arrive', async (t) => {
  let isDown = true
  const receiver = await startReceiver(t, () => (isDown ? 'reset' : 204))
  const service = await startService(t)
  const { db } = service.core
  for (let session = 0; session < 40; session++)
    await insertEvents(db, [{ name: 'login.failed', sessionId: `s${session}` }], 1, OPERATOR)
  deliverFor(t, service, receiver.url)
  await until(() => receiver.received.length > 8, 'an attempt after the first ones')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(receiver.received.length < 14, `${receiver.received.length} attempts`)
  isDown = false
  await until(async () => (await undelivered(service)) === 0, 'delivery')
})

for (const status of [500, 403]) {
  testOnce(`${status} for one alone: it is given up, and the next of its session is sent`, (t) =>
    givenUp(t, status),
  )
}

async function givenUp(t: TestContext, status: number): Promise<void> {
  const receiver = await startReceiver(t, ({ event }) => (event.type === 'token.refused' ? status : 204))
  const service = await startService(t)
  const { db } = service.core
  await insertEvents(db, [{ name: 'token.refused', sessionId: 'a' }], 1, OPERATOR)
  await insertEvents(db, [{ name: 'token.replayed', sessionId: 'a' }], 1, OPERATOR)
  // A long outage before does not count.
  const past = { refusals: 398, attempts: 1000 }
  await db.updateTable('events').set(past).where('name', '=', 'token.refused').execute()
  const stop = deliverFor(t, service, receiver.url)
  await until(() => receiver.received.length > 0, 'the first attempt')
  await stop()
  assert.equal(await undelivered(service), 2)
  await db.updateTable('events').set({ deliver_at: 0 }).execute()
  deliverFor(t, service, receiver.url)
  await until(async () => (await undelivered(service)) === 0, 'delivery')
  assert.deepEqual(receiver.types(), ['token.refused', 'token.refused', 'token.replayed'])
  assert.match(service.logged(), /event given up/)
}

testOnce('503 to all: however often, nothing is given up', async (t) => {
  const receiver = await startReceiver(t, (_, all) => (all.length < 5 ? 503 : 204))
  const service = await startService(t)
  const { db } = service.core
  await insertEvents(db, [{ name: 'login.failed', sessionId: 'a' }], 1, OPERATOR)
  await db.updateTable('events').set({ refusals: 398 }).execute()
  deliverFor(t, service, receiver.url)
  await until(async () => (await undelivered(service)) === 0, 'delivery')
  assert.equal(receiver.received.length, 5)
  assert.doesNotMatch(service.logged(), /event given up/)
})

testOnce(
  'a receiver that hangs costs a refresh no statement, and is left when the service stops',
  async (t) => {
    const recording = recordStatements(t)
    const receiver = await startReceiver(t, () => 'hang')
    const service = await startService(t)
    await service.register()
    const { refreshToken } = await service.login()
    const stop = deliverFor(t, service, receiver.url)
    await until(() => receiver.received.length === 2, 'both heads')
    recording.executed.length = 0
    assert.equal((await service.refresh(refreshToken)).status, 200)
    const seen = recording.executed.filter(({ sql }) => sql.includes('sessions') && !sql.includes('"events"'))
    assert.equal(seen.length, 1, seen.map(({ sql }) => sql).join('\n'))
    assert.ok(!recording.executed.some(({ sql }) => sql.startsWith('insert')))
    const begun = performance.now()
    await stop()
    assert.ok(performance.now() - begun < 7000, 'it has to fit into the time to drain')
    assert.equal(await undelivered(service), 2, 'for the next start')
    const next = await startReceiver(t)
    deliverFor(t, service, next.url)
    await until(() => next.received.length === 2, 'the next start')
  },
)

test('a delivery that a stop has broken off is due at once for the next process', async (t) => {
  const receiver = await startReceiver(t, () => 'hang')
  const { core, clock } = await startService(t)
  await insertEvents(core.db, [{ name: 'login.failed', sessionId: 'a' }], 1, OPERATOR)
  const settings = { webhook: { url: receiver.url, secret: WEBHOOK_SECRET } }
  const stop = startDelivery({ db: core.db, now: () => clock.now, log: core.log, settings })
  await until(() => receiver.received.length === 1, 'the attempt')
  await stop()
  const { now } = clock
  const [next] = await claimDeliveries(core.db, { lane: LANES.others, now, claimedUntil: now + 1, limit: 1 })
  assert.deepEqual([next?.name, next?.attempts], ['login.failed', 2])
})

test('what a clock that was ahead has postponed is sent when the clock is right again', async (t) => {
  const receiver = await startReceiver(t)
  const service = await startService(t)
  const { db } = service.core
  for (const name of ['session.opened', 'session.revoked'])
    await insertEvents(db, [{ name: name as SecurityEvent, sessionId: 's' }], 1, OPERATOR)
  await db
    .updateTable('events')
    .set({ deliver_at: Date.now() + DAY, attempts: 1 })
    .execute()
  await insertEvents(db, [{ name: 'password.changed', sessionId: 's' }], 1, OPERATOR)
  deliverFor(t, service, receiver.url)
  await until(async () => (await undelivered(service)) === 0, 'delivery')
  assert.deepEqual(receiver.types(), ['session.opened', 'session.revoked', 'password.changed'])
})
