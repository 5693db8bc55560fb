/** No event that a stranger can make holds up another, and alarms overtake all others. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test as testOnce } from 'node:test'
import fc from 'fast-check'
import { startDelivery } from '../../src/events/deliver.ts'
import { payloadOf } from '../../src/events/webhook.ts'
import type { SecurityEvent } from '../../src/store/event-names.ts'
import { ALARMS, LANES, laneOf, SECURITY_EVENTS } from '../../src/store/event-names.ts'
import type { Delivery } from '../../src/store/queries/deliveries.ts'
import { claimDeliveries, endDelivery, postponeDelivery } from '../../src/store/queries/deliveries.ts'
import { insertEvents, listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { MINUTE, startService } from '../support/service.ts'
import { openContext } from '../support/session-context.ts'
import { until } from '../support/until.ts'
import type { Received } from '../support/webhook-receiver.ts'
import { deliverFor, startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts'

const POISON = '<script>alert(1)</script>'

const failLogins = async (service: Service, count: number, userAgent = POISON) => {
  const json = { username: 'ada', password: 'wrong, of course' }
  for (let login = 0; login < count; login++)
    await service.request('/api/auth/login', { json, headers: { 'User-Agent': userAgent } })
}

/** Reuses a superseded refresh token. */
async function reuse(service: Service): Promise<void> {
  const { refreshToken } = await service.login()
  await service.refresh((await service.refresh(refreshToken)).body.data.refresh_token)
  assert.equal((await service.refresh(refreshToken)).status, 401)
}

const undelivered = async ({ core }: Service) =>
  (await core.db.selectFrom('events').select('id').where('deliver_at', 'is not', null).execute()).length

const isPoisoned = ({ body }: Received) => /script/i.test(body)

test('40 failed logins with markup as their User-Agent, and a firewall: all arrive, the alarm first', async (t) => {
  const receiver = await startReceiver(t, ({ body }) => (/[<>]|\\u003c/i.test(body) ? 403 : 204))
  const service = await startService(t)
  await service.register()
  await failLogins(service, 40)
  await reuse(service)
  deliverFor(t, service, receiver.url)
  await until(async () => (await undelivered(service)) === 0, 'delivery')
  const types = receiver.types()
  assert.ok(types.indexOf('token.reuse_detected') < 15, `${types.indexOf('token.reuse_detected')} before it`)
  const failed = receiver.received.filter(({ event }) => event.type === 'login.failed')
  assert.equal(failed.length, 40, 'each is accepted at once')
  for (const { headers, body, event } of failed) {
    assert.equal(event.data.user_agent, '_script_alert(1)_/script_')
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
    const expected = createHmac('sha256', WEBHOOK_SECRET).update(`${id}.${time}.${body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
  }
  const [stored] = await listEvents(service.core.db, { name: 'login.failed', limit: 1 })
  assert.equal(stored?.userAgent, POISON, 'the stored event stays as it is')
})

for (const answer of [403, 503, 400, 'reset'] as const) {
  testOnce(
    `a firewall that objects to words: ${answer} costs each event one more post, without them`,
    async (t) => {
      const receiver = await startReceiver(t, (one) => (isPoisoned(one) ? answer : 204))
      const service = await startService(t)
      await service.register()
      await failLogins(service, 40)
      await reuse(service)
      deliverFor(t, service, receiver.url)
      await until(async () => (await undelivered(service)) === 0, 'delivery')
      const failed = receiver.received.filter(({ event }) => event.type === 'login.failed')
      assert.equal(failed.length, 80)
      const accepted = failed.filter((one) => !isPoisoned(one))
      assert.equal(new Set(accepted.map(({ event }) => event.id)).size, 40)
      for (const { event } of accepted)
        assert.deepEqual([event.data.user_agent, event.data.request_id], [null, null])
      assert.doesNotMatch(service.logged(), /event not delivered/)
    },
  )
}

for (const answer of ['hang', 403] as const) {
  testOnce(`a receiver that takes no failed login at all, ${answer}: all others arrive`, async (t) => {
    const receiver = await startReceiver(t, ({ event }) => (event.type === 'login.failed' ? answer : 204))
    const service = await startService(t)
    await service.register()
    await failLogins(service, 40)
    await reuse(service)
    await service.request('/admin/users', { bearer: 'a wrong token' })
    deliverFor(t, service, receiver.url)
    await until(async () => (await undelivered(service)) === 40, 'all others')
    const attempts = receiver.types().filter((type) => type === 'login.failed').length
    assert.ok(attempts < 30, `${attempts} attempts that fail meanwhile`)
  })
}

testOnce(
  'the alarm of a session comes after what a thief did with it, and ahead of all others',
  async (t) => {
    const receiver = await startReceiver(t, (one) => (isPoisoned(one) ? 403 : 204))
    const service = await startService(t)
    await service.register()
    for (let session = 0; session < 30; session++) await service.login()
    const { accessToken: bearer, refreshToken } = await service.login()
    const json = { current_password: 'a guess', new_password: 'another one entirely' }
    const headers = { 'User-Agent': POISON }
    await service.request('/api/auth/password', { bearer, json, headers })
    await service.refresh((await service.refresh(refreshToken)).body.data.refresh_token)
    await service.refresh(refreshToken)
    deliverFor(t, service, receiver.url)
    await until(async () => (await undelivered(service)) === 0, 'delivery')
    const { event } = receiver.received.find((one) => one.event.type === 'token.reuse_detected') ?? {}
    const ofSession = receiver.received.filter((one) => one.event.data.session_id === event.data.session_id)
    assert.deepEqual(
      ofSession.map((one) => one.event.type),
      [
        ...['session.opened', 'password.refused', 'password.refused', 'token.reuse_detected'],
        'session.revoked',
      ],
    )
    const at = receiver.types().indexOf('token.reuse_detected')
    assert.ok(at < 20, `${at} before it`)
  },
)

testOnce('an event that always fails pauses no other of its lane', async (t) => {
  const isBad = ({ event }: Received) => event.data.session_id === 'bad'
  const receiver = await startReceiver(t, (one, all) => {
    if (!isBad(one)) return 204
    return all.length > 10 ? 'hang' : 403
  })
  const { core } = await startService(t)
  // Time passes so fast that the event is due again at once.
  let now = core.now()
  const clock = () => {
    if (receiver.received.length <= 10) now += 10 * MINUTE
    return now
  }
  await insertEvents(core.db, [{ name: 'session.opened', sessionId: 'bad' }], 1, OPERATOR)
  const settings = { webhook: { url: receiver.url, secret: WEBHOOK_SECRET } }
  t.after(startDelivery({ db: core.db, now: clock, log: core.log, settings }))
  await until(() => receiver.received.length > 10, 'ten failures, and an attempt that takes long')
  await insertEvents(core.db, [{ name: 'session.opened', sessionId: 'good' }], 1, OPERATOR)
  const isThere = () => receiver.received.some((one) => !isBad(one))
  await until(isThere, 'the other one', { within: 5000 })
})

testOnce('markup, quotes and control characters do not leave, and names of clients do', () => {
  const ua = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 [en-US] curl/8.5+b~1 *=@:,'
  const of = (userAgent: string | null) => {
    const event = { ...OPERATOR, id: 'i', occurredAt: 0, name: 'login.failed', userAgent }
    const row = { ...event, position: 1, userId: null, sessionId: null, reason: null, kind: null }
    return (JSON.parse(JSON.stringify(payloadOf(row))) as { data: { user_agent: string | null } }).data
      .user_agent
  }
  assert.equal(of(ua), ua)
  assert.equal(of(null), null)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      assert.match(of(text) ?? '', /^[A-Za-z0-9 ()[\]/.,:;_+*@=~-]*$/)
      assert.equal(of(text)?.length, text.length)
    }),
  )
})

testOnce('each alarm is in a lane of alarms, apart from those that anybody can cause', () => {
  const alarms: readonly number[] = [LANES.alarms, LANES.alarmsByAnybody]
  for (const name of SECURITY_EVENTS)
    for (const hasSession of [true, false])
      assert.equal(alarms.includes(laneOf(name, hasSession)), ALARMS.has(name), name)
  assert.equal(laneOf('admin.refused', false), LANES.alarmsByAnybody)
  assert.equal(laneOf('token.reuse_detected', true), LANES.alarms)
  assert.equal(laneOf('limit.reached', true), LANES.others, 'a session has one lane, or its order costs time')
  assert.equal(laneOf('limit.reached', false), LANES.byAnybody)
})

/** What the queries have to do, without a database. */
class Model {
  readonly rows: { session: string | null; lane: number; at: number | null }[] = []

  insert(name: SecurityEvent, session: string | null): void {
    const lane = laneOf(name, session !== null)
    if (lane === LANES.alarms)
      for (const row of this.rows) if (row.session === session && row.at !== null) row.lane = lane
    this.rows.push({ session, lane, at: 0 })
  }

  claim(lane: number, now: number, limit: number): number[] {
    const isFirst = (index: number, session: string | null) =>
      session === null || !this.rows.slice(0, index).some((row) => row.session === session && row.at !== null)
    const due = this.rows.flatMap((row, index) =>
      row.lane === lane && row.at !== null && row.at <= now && isFirst(index, row.session)
        ? [{ row, index, at: row.at }]
        : [],
    )
    const claimed = due.toSorted((one, other) => one.at - other.at || one.index - other.index).slice(0, limit)
    for (const { row } of claimed) row.at = now + 30
    return claimed.map(({ index }) => index).sort((one, other) => one - other)
  }

  postpone(index: number, until: number): void {
    for (const [at, row] of this.rows.entries()) {
      const isFollower = at > index && row.session !== null && row.session === this.rows[index]?.session
      if (at === index || (isFollower && row.at !== null && row.at < until)) row.at = until
    }
  }
}

const names = fc.constantFrom<SecurityEvent>(
  ...(['session.opened', 'token.reuse_detected', 'login.failed', 'limit.reached', 'admin.refused'] as const),
)
const steps = fc.array(
  fc.oneof(
    fc.record({ name: names, session: fc.constantFrom('a', 'b', 'c', null) }),
    fc.record({ lane: fc.constantFrom(...Object.values(LANES)), limit: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ finish: fc.nat(), isDelivered: fc.boolean() }),
  ),
  { maxLength: 40 },
)

test('whatever happens in whatever order, claims are those of the model', async (t) => {
  const { db } = await openContext(t)
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      await db.deleteFrom('events').execute()
      const [model, claimed] = [new Model(), [] as { index: number; delivery: Delivery }[]]
      const positions: number[] = []
      let now = 100
      for (const step of history) {
        now++
        if ('name' in step) {
          // A reuse always has a session.
          const session = step.name === 'token.reuse_detected' ? (step.session ?? 'a') : step.session
          model.insert(step.name, session)
          await insertEvents(db, [{ name: step.name, sessionId: session }], now, OPERATOR)
          const [row] = await listEvents(db, { limit: 1 })
          positions.push(row?.position ?? 0)
        } else if ('lane' in step) {
          const rows = await claimDeliveries(db, { ...step, now, claimedUntil: now + 30 })
          const found = rows.map((delivery) => ({ delivery, index: positions.indexOf(delivery.position) }))
          const indexes = found.map(({ index }) => index).sort((one, other) => one - other)
          assert.deepEqual(indexes, model.claim(step.lane, now, step.limit))
          claimed.push(...found)
        } else {
          const [ended] = claimed.splice(step.finish % Math.max(1, claimed.length), 1)
          if (ended === undefined) continue
          const row = model.rows[ended.index]
          if (row?.at !== ended.delivery.claimedUntil) continue
          if (step.isDelivered) {
            row.at = null
            await endDelivery(db, ended.delivery)
          } else {
            model.postpone(ended.index, now + 5)
            await postponeDelivery(db, ended.delivery, now + 5)
          }
        }
      }
    }),
    { numRuns: 40 },
  )
})
