/** What is kept of a user goes with the user: sessions, remembered logins and events, unless they are to stay. */
import assert from 'node:assert/strict'
import { pruneAll } from '../../src/sessions/prune.ts'
import type { NewEvent } from '../../src/store/queries/events.ts'
import { insertEvents, listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { activateUser } from '../../src/store/queries/users.ts'
import { deleteAccount } from '../../src/users/delete.ts'
import { addSessions } from '../store/rows.ts'
import { recordStatements } from '../store/statements.ts'
import { connect, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, LIMITS, startService } from '../support/service.ts'
import { addUser } from '../support/session-context.ts'
import { until } from '../support/until.ts'
import { deliverFor, startReceiver } from '../support/webhook-receiver.ts'

const WEBHOOK = { url: 'http://127.0.0.1:9/', secret: 'c4d8a1e6b2f07935d1c6e8a4f0b29375' }

const names = async ({ core }: Service) =>
  (await listEvents(core.db, { limit: 1000 })).map(({ name }) => name).reverse()

const remove = ({ request }: Service, id: string) =>
  request(`/admin/users/${id}`, { method: 'DELETE', bearer: ADMIN_TOKEN })

/** Every text in the database, in any table. */
async function allText({ database }: Service): Promise<string> {
  const connection = await connect(database)
  const tables = ['users', 'sessions', 'revoked_tokens', 'rate_limits', 'events']
  const rows = await Promise.all(tables.map((table) => connection.query(`select * from ${table}`)))
  await connection.close()
  return JSON.stringify(rows)
}

const OF_ADA = { 'X-Forwarded-For': '192.0.2.77', 'User-Agent': 'Adas telephone' }

/** Ada logs in, mistypes, and logs out. Grace logs in. */
async function live(service: Service) {
  const { id } = await service.register()
  await service.register('grace')
  const { body } = await service.tryLogin(undefined, 'ada', { headers: OF_ADA })
  await service.tryLogin(undefined, 'grace')
  await service.tryLogin('a typing error', 'ada', { headers: OF_ADA })
  await service.request('/api/auth/logout', {
    method: 'POST',
    bearer: body.data.refresh_token,
    headers: OF_ADA,
  })
  return { id, refreshToken: body.data.refresh_token as string }
}

test('a deleted user: no session, no remembered login, and of the events only the deletion', async (t) => {
  const service = await startService(t, { limits: LIMITS, trustProxy: 1 })
  const { id } = await live(service)
  const seen = () =>
    service.core.db.selectFrom('rate_limits').select('key').where('key', 'like', 'login-seen%')
  assert.equal((await seen().execute()).length, 2)
  const headers = { ...OF_ADA, Authorization: `Bearer ${ADMIN_TOKEN}` }
  assert.equal((await service.request(`/admin/users/${id}`, { method: 'DELETE', headers })).status, 200)
  assert.equal((await seen().execute()).length, 1, "grace's")
  assert.deepEqual(await names(service), ['user.registered', 'session.opened', 'user.deleted'])
  const [deletion] = await listEvents(service.core.db, { userId: id, limit: 10 })
  assert.deepEqual([deletion?.address, deletion?.userAgent], [null, null])
  assert.ok(deletion?.requestId && service.logged().includes(deletion.requestId))
  const text = await allText(service)
  assert.ok(!text.includes('telephone'))
  // Counters of addresses are of nobody, and expire.
  const counters = await service.core.db.selectFrom('rate_limits').select(['key', 'expires_at']).execute()
  for (const { key, expires_at } of counters)
    if (key.includes('192.0.2.77')) assert.ok(expires_at <= service.clock.now + 2 * 3_600_000, key)
})

test('EVENTS_KEEP_DELETED_USERS=true: all events stay, with the origin of the deletion', async (t) => {
  const service = await startService(t, { keepEventsOfDeleted: true })
  const { id } = await live(service)
  await remove(service, id)
  await pruneAll(service.core)
  const kept = await listEvents(service.core.db, { userId: id, limit: 10 })
  assert.deepEqual(
    kept.map(({ name }) => name),
    ['user.deleted', 'session.revoked', 'login.failed', 'session.opened', 'user.registered'],
  )
  assert.equal(kept[0]?.address, '127.0.0.1')
})

test('what the webhook has not accepted yet is delivered, and goes then', async (t) => {
  let isDown = true
  const receiver = await startReceiver(t, () => (isDown ? 503 : 204))
  const service = await startService(t, { webhook: { ...WEBHOOK, url: receiver.url } })
  const { id } = await live(service)
  const before = (await names(service)).length
  await remove(service, id)
  await pruneAll(service.core)
  assert.equal((await names(service)).length, before + 1, 'nothing is lost')
  isDown = false
  deliverFor(t, service, receiver.url)
  const waiting = () => service.core.db.selectFrom('events').select('id').where('deliver_at', 'is not', null)
  await until(async () => (await waiting().execute()).length === 0, 'delivery')
  assert.equal(new Set(receiver.received.map(({ event }) => event.id)).size, before + 1)
  assert.ok(receiver.received.some(({ event }) => event.data.user_agent === 'Adas telephone'))
  assert.equal((await pruneAll(service.core)).events, 4)
  assert.deepEqual(await names(service), ['user.registered', 'session.opened', 'user.deleted'])
})

test('a token of a deleted user that is presented later leaves nothing for long', async (t) => {
  const service = await startService(t)
  const { id, refreshToken } = await live(service)
  await remove(service, id)
  assert.equal((await service.refresh(refreshToken)).status, 404)
  const before = (await names(service)).length
  await pruneAll(service.core)
  assert.deepEqual(await names(service), ['user.registered', 'session.opened', 'user.deleted'])
  assert.ok(before >= 3)
})

test('a deletion that was interrupted before the events is finished by pruning, in bounded statements', async (t) => {
  const service = await startService(t)
  const { db } = service.core
  const ids = []
  for (let user = 0; user < 250; user++) ids.push(await addUser(db, `user ${user}`))
  const [first = ''] = ids
  const many: NewEvent[] = Array.from({ length: 3000 }, () => ({ name: 'login.failed', userId: first }))
  await insertEvents(db, many, service.clock.now, OPERATOR)
  const deleted: NewEvent[] = ids.slice(0, 249).map((userId) => ({ name: 'user.deleted', userId }))
  await insertEvents(db, deleted, service.clock.now, OPERATOR)
  assert.equal((await pruneAll(service.core)).events, 3000 + 249)
  const left = await listEvents(db, { limit: 1000 })
  assert.equal(left.filter(({ name }) => name === 'user.registered').length, 1, 'the user who is left')
  assert.equal(left.length, 250)
})

test('a user with very many rows: emptied in slices, inactive meanwhile; twice at once, and again', async (t) => {
  const recording = recordStatements(t)
  const service = await startService(t)
  const { db } = service.core
  const id = await addUser(db)
  const other = await addUser(db, 'grace')
  await addSessions(db, id, 1700)
  await addSessions(db, other, 3)
  for (let row = 0; row < 600; row++)
    await db
      .insertInto('rate_limits')
      .values({ key: `k${row}`, points: 1, expires_at: 9, user_id: id })
      .execute()
  recording.executed.length = 0
  const context = { ...service.core, hasWebhook: false }
  const results = await Promise.all([1, 2].map(() => deleteAccount(context, id, OPERATOR)))
  const written = results.filter((events) => events !== undefined)
  assert.equal(written.length, 1, 'one of them deletes the user')
  assert.equal(await deleteAccount(context, id, OPERATOR), undefined)
  const slices = recording.executed.filter(({ sql }) => /^delete from "sessions"/.test(sql))
  assert.ok(slices.length >= 4, `${slices.length} slices`)
  for (const { sql } of slices) assert.match(sql, / limit /)
  assert.equal((await db.selectFrom('sessions').select('id').execute()).length, 3)
  assert.equal((await db.selectFrom('rate_limits').select('key').execute()).length, 0)
  assert.deepEqual(await names(service), ['user.registered', 'user.deleted'])
})

test('a login that ends after its user was deleted leaves no row', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  const { id } = await service.register()
  const attempt = await service.core.limits.login('ada', '192.0.2.1')
  await remove(service, id)
  assert.ok('succeeded' in attempt)
  await attempt.succeeded()
  assert.equal(await activateUser(service.core.db, id, 0, OPERATOR), undefined)
  const rows = await service.core.db.selectFrom('rate_limits').select('key').execute()
  assert.ok(!rows.some(({ key }) => key.startsWith('login-seen')))
})
