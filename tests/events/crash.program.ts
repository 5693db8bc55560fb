/** SIGKILL between a change and its delivery, and SIGTERM in the middle of one: the next start delivers it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, freshDatabase } from '../support/database.ts'
import { PASSWORD } from '../support/service.ts'
import { post, spawnService } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { UNLIMITED } from '../support/values.ts'
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts'

test('killed: each committed change has its event, and all of them arrive after the restart', async (t) => {
  let isDown = true
  const receiver = await startReceiver(t, () => (isDown ? 'hang' : 204))
  const database = await freshDatabase(t, 'sqlite')
  assert.ok(database.dialect === 'sqlite')
  const env = {
    // Eight simultaneous logins of one account
    ...UNLIMITED,
    DATABASE_URL: `sqlite:${database.file}`,
    EVENTS_WEBHOOK_URL: receiver.url,
    EVENTS_WEBHOOK_SECRET: WEBHOOK_SECRET,
  }
  const service = await spawnService(t, env)
  const body = { username: 'ada', password: PASSWORD }
  await post(`${service.url}/api/auth/register`, { body })
  await until(() => receiver.received.length > 0, 'the first attempt')
  let done = 0
  const logins = Array.from({ length: 8 }, async () => {
    const login = await post(`${service.url}/api/auth/login`, { body }).catch(() => undefined)
    // A service that is dead or too busy sends no response
    const token = login?.body.data?.['refresh_token']
    if (token === undefined) return
    done++
    if (done === 3) await service.stop('SIGKILL')
    else await post(`${service.url}/api/auth/logout`, { token }).catch(() => {})
  })
  await Promise.all(logins)
  assert.ok(done >= 3, 'it was killed')

  const connection = await connect(database)
  t.after(() => connection.close())
  const events = await connection.query('select * from events order by position')
  const idsOf = (name: string) => events.flatMap((row) => (row.name === name ? [row.session_id] : [])).sort()
  const sessions = await connection.query('select id, revoked_at from sessions order by id')
  assert.ok(sessions.length > 0)
  assert.deepEqual(
    idsOf('session.opened'),
    sessions.map(({ id }) => id),
  )
  assert.deepEqual(
    idsOf('session.revoked'),
    sessions.flatMap(({ id, revoked_at }) => (revoked_at === null ? [] : [id])),
  )

  // As if the dead process had claimed them half a minute ago.
  await connection.query('update events set deliver_at = 0')
  const second = await spawnService(t, env)
  const before = receiver.received.length
  await until(() => receiver.received.length > before, 'a delivery to break off')
  const begun = performance.now()
  assert.equal(await second.stop('SIGTERM'), 0)
  // Supervisors kill after that.
  assert.ok(performance.now() - begun < 10_000, 'it drains in time')
  const left = () => connection.query('select id from events where deliver_at is not null')
  assert.equal((await left()).length, events.length)
  isDown = false
  const from = receiver.received.length
  await spawnService(t, env)
  await until(async () => (await left()).length === 0, 'all of them')
  const delivered = receiver.received.slice(from).map(({ event }) => event)
  assert.deepEqual(new Set(delivered.map(({ id }) => id)), new Set(events.map(({ id }) => id)))
  for (const { id } of sessions) {
    const ofSession = delivered.filter(({ data }) => data.session_id === id).map(({ type }) => type)
    assert.deepEqual(ofSession, ['session.opened', 'session.revoked'].slice(0, ofSession.length))
  }
})
