/** The service as part of another app. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'

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
