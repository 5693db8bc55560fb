/** Sessions of users that the application has authenticated, and how they are ended. */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import type { Request, Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, override, startService } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'

const admin = (service: Service, rest = '', request: Request = {}) =>
  service.request(`/admin/users${rest}`, { bearer: ADMIN_TOKEN, ...request })

const open = (service: Service, id: string, json: object = {}) => admin(service, `/${id}/sessions`, { json })

async function addUser(service: Service, username = 'ada'): Promise<string> {
  return (await admin(service, '', { json: { username } })).body.data.id
}

test('an opened session is one as after a login: its tokens are good, its user sees it', async (t) => {
  const service = await startService(t)
  const id = await addUser(service)
  const opened = await open(service, id, { device: 'A browser (ümläut)', address: '2001:db8::1' })
  const { session_id, access_token, refresh_token, expires_in } = opened.body.data
  assert.deepEqual([sidOf(access_token), sidOf(refresh_token), expires_in], [session_id, session_id, 1800])
  assert.equal((await service.request('/api/auth/me', { bearer: access_token })).body.data.id, id)

  const shown = {
    id: session_id,
    device: 'A browser (ümläut)',
    address: '2001:db8::1',
    created_at: new Date(service.clock.now).toISOString(),
    refreshed_at: new Date(service.clock.now).toISOString(),
    refresh_count: 0,
    refreshed_device: 'A browser (ümläut)',
    refreshed_address: '2001:db8::1',
    binding: null,
    expires_at: new Date(service.clock.now + 30 * DAY).toISOString(),
  }
  assert.deepEqual((await admin(service, `/${id}/sessions`)).body.data.sessions, [shown])
  const mine = await service.request('/api/auth/sessions', { bearer: access_token })
  assert.deepEqual(mine.body.data.sessions, [{ ...shown, current: true }])

  assert.equal((await service.refresh(refresh_token)).status, 200)
  assert.equal((await service.exchange(access_token)).status, 200)
  service.clock.now += MINUTE
  const other = (await open(service, id)).body.data
  const [first] = (await admin(service, `/${id}/sessions`)).body.data.sessions
  assert.deepEqual([first.id, first.device, first.address], [other.session_id, null, null])
  assert.equal(
    (await service.request('/api/auth/logout', { method: 'POST', bearer: other.refresh_token })).status,
    200,
  )
  assert.equal((await admin(service, `/${id}/sessions`)).body.data.sessions.length, 1)
})

test('one is ended, or all of a user: at once, once, and nobody else’s', async (t) => {
  const service = await startService(t)
  const [ada, bob] = [await addUser(service), await addUser(service, 'bob')]
  const [one, two, three] = [await open(service, ada), await open(service, ada), await open(service, ada)]
  const bobs = await open(service, bob)
  const end = (user: string, session: string) =>
    admin(service, `/${user}/sessions/${session}`, { method: 'DELETE' })

  const before = await snapshot(service.database)
  assert.equal((await end(ada, bobs.body.data.session_id)).body.message, 'Session not found.')
  assert.deepEqual(await snapshot(service.database), before)

  const both = await Promise.all([1, 2].map(() => end(ada, one.body.data.session_id)))
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 404])
  assert.equal((await service.refresh(one.body.data.refresh_token)).status, 401)
  assert.equal((await service.request('/api/auth/me', { bearer: one.body.data.access_token })).status, 401)

  const ended = []
  for (const _ of [1, 2]) {
    const { body } = await admin(service, `/${ada}/sessions`, { method: 'DELETE' })
    ended.push(body.data.sessions_ended)
  }
  assert.deepEqual(ended, [2, 0])
  for (const { body } of [two, three]) {
    assert.equal((await service.refresh(body.data.refresh_token)).status, 401)
    assert.equal((await service.exchange(body.data.access_token)).status, 401)
  }
  assert.equal((await service.refresh(bobs.body.data.refresh_token)).status, 200)
})

const endings = {
  deactivation: { method: 'POST', rest: '/deactivate', refused: 403 },
  deletion: { method: 'DELETE', rest: '', refused: 404 },
}

for (const [name, { method, rest, refused }] of Object.entries(endings)) {
  test(`${name} among 20 openings, many rounds: nothing minted lives on, none opens after it`, async (t) => {
    const service = await startService(t)
    for (let round = 0; round < 5; round++) {
      const id = await addUser(service, `user-${round}`)
      const openings = Array.from({ length: 10 }, () => open(service, id))
      // The first has been answered by then, and the others are in flight.
      await Promise.race(openings)
      const ending = admin(service, `/${id}${rest}`, { method })
      const late = ending.then(() => open(service, id))
      const meanwhile = Array.from({ length: 10 }, () => open(service, id))
      const answers = await Promise.all([...openings, ...meanwhile])
      assert.equal((await ending).status, 200)
      assert.equal((await late).status, refused)
      assert.ok(answers.some(({ status }) => status === 201))
      for (const { status, body } of answers) {
        assert.ok([201, refused].includes(status))
        if (status !== 201) continue
        assert.notEqual((await service.refresh(body.data.refresh_token)).status, 200)
        assert.notEqual((await service.exchange(body.data.access_token)).status, 200)
      }
      const living = service.core.db.selectFrom('sessions').select('id').where('revoked_at', 'is', null)
      assert.deepEqual(await living.execute(), [])
    }
  })
}

const openWith = (service: Service, id: string, key: string, json: object = {}) =>
  admin(service, `/${id}/sessions`, { json, headers: { 'Idempotency-Key': key } })

test('the same key again within the grace window: the same session, opened and reported once', async (t) => {
  const service = await startService(t)
  const id = await addUser(service)
  const opened = await openWith(service, id, 'a-key')
  const before = await service.core.db.selectFrom('events').selectAll().execute()
  for (const wait of [0, 30_000, -45_000]) {
    service.clock.now += wait
    const again = await openWith(service, id, 'a-key')
    assert.equal(again.status, 201)
    assert.equal(again.body.data.session_id, opened.body.data.session_id)
    assert.equal(again.body.data.refresh_token, opened.body.data.refresh_token)
  }
  assert.deepEqual(await service.core.db.selectFrom('events').selectAll().execute(), before)
  assert.equal((await admin(service, `/${id}/sessions`)).body.data.sessions.length, 1)
})

test('many at once with the same key: one session', async (t) => {
  const service = await startService(t)
  const id = await addUser(service)
  const answers = await Promise.all(Array.from({ length: 10 }, () => openWith(service, id, 'a-key')))
  assert.equal(new Set(answers.map(({ body }) => body.data.session_id)).size, 1)
  assert.equal(new Set(answers.map(({ body }) => body.data.refresh_token)).size, 1)
})

test('another session: after the grace, without it, for another key, user or device', async (t) => {
  const service = await startService(t)
  const [ada, bob] = [await addUser(service), await addUser(service, 'bob')]
  const sids = new Set<string>()
  const opened = async (user: string, key: string, json?: object) =>
    sids.add((await openWith(service, user, key, json)).body.data.session_id)
  await opened(ada, 'a-key')
  await opened(ada, 'another-key')
  await opened(bob, 'a-key')
  await opened(ada, 'a-key', { device: 'A browser' })
  await opened(ada, 'a-key', { address: '192.0.2.1' })
  service.clock.now += 30_001
  await opened(ada, 'a-key')
  assert.equal(sids.size, 6)
  // Strict
  override(service.core, { settings: { ...service.core.settings, grace: 0 } })
  await opened(ada, 'a-key')
  assert.equal(sids.size, 7)
})

test('a repetition does not bring back a session that has ended', async (t) => {
  const service = await startService(t)
  const id = await addUser(service)
  await openWith(service, id, 'a-key')
  await admin(service, `/${id}/sessions`, { method: 'DELETE' })
  const again = await openWith(service, id, 'a-key')
  assert.deepEqual([again.status, again.body.message], [409, 'Session has ended.'])
  await admin(service, `/${id}/deactivate`, { method: 'POST' })
  assert.equal((await openWith(service, id, 'a-key')).status, 403)
})

test('a key that is none: 400', async (t) => {
  const service = await startService(t)
  const id = await addUser(service)
  for (const key of ['', 'ü', 'x'.repeat(256)]) {
    const { status, body } = await openWith(service, id, key)
    assert.deepEqual([status, body.errors[0].path], [400, 'Idempotency-Key'], key)
  }
})
