/** Access to administration: only with `ADMIN_TOKEN` in `Authorization`. */

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { isSame } from '../../src/http/pipeline/admin-access.ts'
import { operations } from '../support/check-response.ts'
import { snapshot } from '../support/database.ts'
import { ADMIN_TOKEN, SECRET, startService } from '../support/service.ts'
import { startWorld } from '../support/world.ts'
import { startSecond } from './second.ts'

const administration = operations.filter(({ path }) => path.startsWith('/admin'))
const pathOf = (template: string, id: string) => template.replaceAll(/\{\w+\}/g, id)

test('the contract asks for this token in all of them, and nowhere else', () => {
  for (const { path, operation } of operations) {
    const { security = [], tags } = operation as { security?: object[]; tags?: string[] }
    const isAdmin = path.startsWith('/admin/')
    assert.equal(JSON.stringify(security).includes('adminToken'), isAdmin, path)
    if (isAdmin) assert.deepEqual([security, tags], [[{ adminToken: [] }], ['admin']])
  }
  assert.equal(administration.length, 16)
})

test('nothing else is taken for the token, wherever it stands, and nothing is read or changed', async (t) => {
  const { service, user, accessToken, refreshToken } = await startWorld(t)
  const rows = await snapshot(service.database)
  const wrong = [
    ...[accessToken, refreshToken, SECRET.toString(), 'undefined', '', ' ', 'x'.repeat(10_000)],
    ...[ADMIN_TOKEN.slice(0, -1), `${ADMIN_TOKEN}x`, ADMIN_TOKEN.toLowerCase(), `${ADMIN_TOKEN},x`],
  ]
  for (const { method, path } of administration) {
    const url = pathOf(path, user.id)
    const refused = async (message: string, to: string, headers: Record<string, string>) => {
      // Without the token, the response does not even say that the body is malformed.
      const body = method === 'POST' || method === 'PUT' ? { body: '{' } : {}
      const answer = await service.request(to, { method, headers, ...body })
      assert.deepEqual([answer.status, answer.body.message], [401, message], `${method} ${to}`)
      assert.match(answer.headers.get('WWW-Authenticate') ?? '', /^Bearer /)
    }
    for (const token of wrong) {
      const message = token.trim() === '' ? 'Admin token missing.' : 'Invalid admin token.'
      await refused(message, url, { Authorization: `Bearer ${token}` })
    }
    const missing = 'Admin token missing.'
    await refused(missing, url, {})
    await refused(missing, url, { Authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` })
    await refused(missing, url, { Authorization: ADMIN_TOKEN, 'X-Admin-Token': ADMIN_TOKEN })
    await refused(missing, url, { Cookie: `refresh_token=${ADMIN_TOKEN}; admin_token=${ADMIN_TOKEN}` })
    for (const name of ['access_token', 'admin_token', 'token']) {
      await refused(missing, `${url}?${name}=${ADMIN_TOKEN}`, {})
    }
  }
  assert.deepEqual(await snapshot(service.database), rows)
})

test('the token is good for administration alone', async (t) => {
  const service = await startService(t)
  // Those of devices take no token.
  const ofUsers = operations.filter(({ path }) => /^\/api\/auth\/(?!dbsc\/)/.test(path))
  for (const { method, path } of ofUsers) {
    const url = pathOf(path, crypto.randomUUID())
    const { status } = await service.request(url, { method, bearer: ADMIN_TOKEN })
    assert.ok([401, 415].includes(status), `${method} ${path}: ${status}`)
  }
  assert.equal((await service.refresh(ADMIN_TOKEN)).status, 401)
  assert.equal((await service.exchange(ADMIN_TOKEN)).status, 401)
})

test('off: as if nothing were there, whatever is asked, with whatever token', async (t) => {
  const { service, user } = await startWorld(t)
  const off = await startSecond(t, service, { current: SECRET, previous: [] })
  assert.equal((await off.request('/livez')).status, 200)
  const paths = [...administration.map(({ path }) => pathOf(path, user.id)), '/admin', '/admin/', '/admin/x']
  const nowhere = await fetch(`${off.url}/nowhere`)
  const headersOf = ({ headers }: Response) => [...headers.keys()].sort()
  for (const path of paths) {
    for (const method of ['GET', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
      for (const token of [ADMIN_TOKEN, 'undefined', SECRET.toString()]) {
        // Not through the fixture: another method is no 405 of the contract here.
        const headers = { Authorization: `Bearer ${token}` }
        const response = await fetch(off.url + path, { method, headers })
        const body = await response.json()
        assert.deepEqual(body, { status: 'error', code: 404, message: 'Not found.' }, `${method} ${path}`)
        assert.deepEqual(headersOf(response), headersOf(nowhere))
      }
    }
  }
})

test('no page in a browser may: no CORS, for listed origins either', async (t) => {
  const origin = 'https://app.example'
  const service = await startService(t, { corsOrigins: [origin] })
  const crossOrigin = ({ headers }: { headers: Headers }) =>
    [...headers.keys()].filter((name) => name.startsWith('access-control-'))
  const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' }
  const preflight = await service.request('/admin/users', { method: 'OPTIONS', headers })
  assert.deepEqual([preflight.status, crossOrigin(preflight)], [405, []])
  const answer = await service.request('/admin/users', { bearer: ADMIN_TOKEN, headers })
  assert.deepEqual([answer.status, crossOrigin(answer)], [200, []])
  // Cookies do not count here, wherever they come from.
  const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
  const post = { method: 'POST', headers: foreign, cookie: 'refresh_token=x' }
  const { status, body } = await service.request(`/admin/users/${crypto.randomUUID()}/activate`, post)
  assert.deepEqual([status, body.message], [401, 'Admin token missing.'])
})

test('the comparison takes digests of one length, and takes them whole', (t) => {
  const compared: number[][] = []
  const { timingSafeEqual } = crypto
  t.mock.method(crypto, 'timingSafeEqual', (a: Buffer, b: Buffer) => {
    compared.push([a.length, b.length])
    return timingSafeEqual(a, b)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const check = (given: string) => isSame(given, Buffer.from(ADMIN_TOKEN))
  const presented = [ADMIN_TOKEN, '', 'x', ADMIN_TOKEN.slice(0, -1), 'ключ', 'x'.repeat(10_000)]
  assert.deepEqual(presented.map(check), [true, false, false, false, false, false])
  assert.deepEqual(
    compared,
    presented.map(() => [32, 32]),
  )
})
