/** `X-Request-Id`: taken from the request if it is well-formed, otherwise made, and always sent back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '../support/service.ts'
import { startService } from '../support/service.ts'
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
