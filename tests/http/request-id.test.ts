/** `X-Request-Id`: taken from the request if it is well-formed, otherwise made, and always sent back. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Request } from '../support/service.ts'
import { ADMIN_TOKEN, PASSWORD, SECRET, startService } from '../support/service.ts'
import { hideTables, lockDatabase, startWorld } from '../support/world.ts'

const ID = 'X-Request-Id'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('sane ids are taken over', async (t) => {
  const service = await startService(t)
  for (const id of ['a', 'A-1_b.c', 'x'.repeat(64), '0f8c2d6e-5b1a-4c3f-9e7d-2a6b8c4d0e1f']) {
    const answer = await service.request('/livez', { headers: { [ID]: id } })
    assert.equal(answer.headers.get(ID), id)
    assert.ok(service.logged().includes(`"request_id":"${id}"`))
  }
})

test('all others are replaced by a new one each time', async (t) => {
  const service = await startService(t)
  const bad = [
    '',
    'x'.repeat(65),
    'a b',
    'a,b',
    'a;b',
    '<script>',
    'a"b',
    'a\\b',
    'ä',
    'a/b',
    '{"a":1}',
    'a%0d%0ab',
  ]
  const seen = new Set<string | null>()
  for (const id of bad) {
    const answer = await service.request('/livez', { headers: { [ID]: id } })
    assert.match(answer.headers.get(ID) ?? '', UUID, id)
    seen.add(answer.headers.get(ID))
    if (id.length > 2) assert.ok(!service.logged().includes(`"request_id":${JSON.stringify(id)}`))
  }
  seen.add((await service.request('/livez')).headers.get(ID))
  assert.equal(seen.size, bad.length + 1)
})

test('an id that holds a secret, or may be one, is neither logged nor sent back', async (t) => {
  const webhook = {
    url: 'http://127.0.0.1:9/',
    secret: `whsec_${'c4d8a1e6b2f07935d1c6e8a4f0b29375'.repeat(1)}`,
  }
  const service = await startService(t, { webhook })
  const { accessToken } = await service.register().then(() => service.login())
  const secrets = [ADMIN_TOKEN, SECRET.toString(), webhook.secret.slice(6)]
  const held = secrets.flatMap((secret) => [secret, `a.${secret}`, `${secret}-b`, `a.${secret}.b`])
  const alike = [
    accessToken.slice(0, 64),
    randomBytes(32).toString('hex'),
    'Zm9yIHRlc3RzLCAzMiBieXRlcyBvciBtb3JlLCByYW5kb20',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ]
  for (const id of [...held, ...alike]) {
    if (id.length > 64) continue
    const answer = await service.request('/livez', { headers: { [ID]: id } })
    assert.match(answer.headers.get(ID) ?? '', UUID, id)
    assert.ok(!service.logged().includes(id), id)
  }
  const traces = ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '01ARZ3NDEKTSV4RRFFQ69G5FAV']
  for (const id of [...traces, randomUUID(), randomUUID().replaceAll('-', '')])
    assert.equal((await service.request('/livez', { headers: { [ID]: id } })).headers.get(ID), id)
})

test('a secret as the name of a client or of a device is not kept', async (t) => {
  const { service, user } = await startWorld(t)
  const json = { username: 'ada', password: PASSWORD }
  await service.request('/api/auth/login', { json, headers: { 'User-Agent': `app/${ADMIN_TOKEN}` } })
  const path = `/admin/users/${user.id}/sessions`
  const device = `app/${ADMIN_TOKEN}`
  await service.request(path, { bearer: ADMIN_TOKEN, json: { device } })
  const emoji = '\u{1f600}'.repeat(256)
  await service.request(path, { bearer: ADMIN_TOKEN, json: { device: emoji } })
  const { db } = service.core
  const sessions = await db.selectFrom('sessions').select('user_agent').execute()
  assert.deepEqual(sessions.map(({ user_agent }) => user_agent).sort(), [
    '[secret]',
    '[secret]',
    'node',
    emoji,
  ])
  const events = await db.selectFrom('events').select('user_agent').execute()
  assert.ok(!JSON.stringify(events).includes(ADMIN_TOKEN))
})

test('every kind of failure sends it back', async (t) => {
  const world = await startWorld(t)
  const { service, accessToken } = world
  const headers = { [ID]: 'mine' }
  const sends = async (status: number, path: string, request: Request) => {
    const answer = await service.request(path, { ...request, headers: { ...headers, ...request.headers } })
    assert.deepEqual([answer.status, answer.headers.get(ID)], [status, 'mine'], path)
  }
  await sends(400, '/api/auth/login', { json: {} })
  await sends(401, '/api/auth/me', {})
  await sends(404, '/nowhere', {})
  await sends(405, '/livez', { method: 'PUT' })
  await sends(413, '/refresh_token', { method: 'POST', body: 'x'.repeat(17_000) })
  await sends(415, '/api/auth/login', {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'text/plain' },
  })
  const unlock = await lockDatabase(world)
  await sends(503, '/api/auth/logout_all', { method: 'POST', bearer: accessToken })
  await unlock()
  await hideTables(world)
  await sends(500, '/api/auth/me', { bearer: accessToken })
})
