/** The service as a part of another app, and without node-server: `app.request()` calls it in the process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { ADMIN_TOKEN, LIMITS, PASSWORD, startService } from '../support/service.ts'

const APP = 'https://app.example'

for (const way of ['mount', 'route'] as const) {
  test(`by ${way}: what it answers alone, and no CORS for administration`, async (t) => {
    const { core } = await startService(t, { corsOrigins: [APP] })
    const app = createApp(core)
    const outer = way === 'mount' ? new Hono().mount('/auth', app.fetch) : new Hono().route('/auth', app)
    const listener = await listen(outer as unknown as typeof app, { host: '127.0.0.1', port: 0 })
    t.after(() => listener.close(1000))
    const send = (path: string, init: RequestInit = {}) =>
      fetch(`${listener.url}/auth${path}`, { ...init, headers: { Origin: APP, ...init.headers } })
    const allowed = async (path: string, method: string) => {
      const headers = { 'Access-Control-Request-Method': method }
      const answer = await send(path, { method: 'OPTIONS', headers })
      return answer.headers.get('Access-Control-Allow-Origin')
    }
    assert.equal(await allowed('/refresh_token', 'POST'), APP)
    assert.equal(await allowed('/admin/users', 'GET'), null)
    const users = await send('/admin/users', { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } })
    assert.deepEqual([users.status, users.headers.get('Access-Control-Allow-Origin')], [200, null])
    const refused = await send('/refresh_token', { method: 'POST' })
    assert.equal(refused.status, 401)
    assert.match(await refused.text(), /Refresh token missing\./)
    if (way === 'mount') assert.equal((await send('/refresh_token')).status, 405)
  })
}

test('without node-server: answers as over HTTP, and no address', async (t) => {
  // Limits count unknown addresses, too.
  const service = await startService(t, { limits: LIMITS })
  const app = createApp(service.core)
  const post = (path: string, body: string) =>
    app.request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })

  const ready = await app.request('/readyz')
  assert.equal(ready.status, 200)
  assert.match(ready.headers.get('X-Request-Id') ?? '', /./)

  const unknown = await app.request('/unknown')
  assert.equal(unknown.status, 404)
  assert.deepEqual(await unknown.json(), { status: 'error', code: 404, message: 'Not found.' })

  const malformed = await post('/api/auth/register', '{')
  assert.equal(malformed.status, 400)
  assert.deepEqual(await malformed.json(), {
    status: 'error',
    code: 400,
    message: 'Invalid request.',
    errors: [{ path: '', reason: 'malformed', message: 'Malformed JSON.' }],
  })

  const credentials = JSON.stringify({ username: 'ada', password: PASSWORD })
  assert.equal((await post('/api/auth/register', credentials)).status, 201)
  assert.equal((await post('/api/auth/login', credentials)).status, 200)
  const sessions = await service.core.db.selectFrom('sessions').select('address').execute()
  assert.deepEqual(sessions, [{ address: null }])
  const events = await service.core.db.selectFrom('events').select(['name', 'address']).execute()
  assert.deepEqual(events, [
    { name: 'user.registered', address: null },
    { name: 'session.opened', address: null },
  ])
})

test('without node-server and over HTTP/2: bodies without Content-Length are limited, too', async (t) => {
  const { core } = await startService(t)
  const app = createApp(core)
  const headers = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ username: 'ada', password: PASSWORD, padding: 'x'.repeat(16 * 1024) })
  assert.equal((await app.request('/api/auth/register', { method: 'POST', headers, body })).status, 413)

  const handle = getRequestListener(app.fetch)
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing)).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(() => client.destroy())
  const send = async (text: string) => {
    const request = client.request({ ':method': 'POST', ':path': '/api/auth/register', ...headers })
    request.end(text)
    const [answer] = await once(request, 'response')
    request.close()
    return answer[':status']
  }
  assert.equal(await send(body), 413)
  assert.equal(await send(JSON.stringify({ username: 'ada', password: PASSWORD })), 201)
})

test('without node-server: the address is unknown behind a trusted proxy, too', async (t) => {
  const { core } = await startService(t, { trustProxy: 1 })
  const init = { headers: { 'X-Forwarded-For': '192.0.2.1', Authorization: 'Bearer wrong' } }
  assert.equal((await createApp(core).request('/admin/users', init)).status, 401)
  const events = await core.db.selectFrom('events').select(['name', 'address']).execute()
  assert.deepEqual(events, [{ name: 'admin.refused', address: null }])
})
