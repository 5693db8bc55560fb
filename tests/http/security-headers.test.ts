/**
 * The security headers on every kind of response, byte by byte, also outside the operations; no banner. JSON is not cached,
 * text has its charset, and the length is that of the body.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { PASSWORD } from '../support/service.ts'
import { hideTables, startWorld } from '../support/world.ts'

const EXPECTED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}
const BANNERS = ['server', 'x-powered-by', 'via', 'x-runtime', 'x-generator']

async function check(url: string, status: number, bytes: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(bytes)
  const answer = await buffer(socket)
  const end = answer.indexOf('\r\n\r\n')
  const body = answer.subarray(end + 4)
  const [line = '', ...fields] = answer.subarray(0, end).toString().split('\r\n')
  const what = `${status} ${bytes.slice(0, 60)}`
  assert.equal(line.split(' ')[1], `${status}`, what)
  const names = fields.map((field) => field.split(':')[0]?.toLowerCase() ?? '')
  for (const [name, value] of Object.entries(EXPECTED)) {
    const found = fields.filter((_, index) => names[index] === name)
    assert.deepEqual(
      found.map((field) => field.split(': ')[1]),
      [value],
      `${name}: ${what}`,
    )
  }
  assert.deepEqual(
    names.filter((name) => BANNERS.includes(name)),
    [],
    what,
  )
  const one = (name: string) => fields[names.indexOf(name)]?.split(': ')[1]
  const [type, length] = [one('content-type'), one('content-length')]
  if (![204, 302, 304].includes(status))
    assert.match(type ?? '', /^(application\/json|text\/\w+; charset=utf-8)$/, what)
  const isKept = bytes.startsWith('GET /openapi.json')
  if (type === 'application/json') assert.equal(one('cache-control'), isKept ? 'no-cache' : 'no-store', what)
  if (one('transfer-encoding') === undefined && !bytes.startsWith('HEAD'))
    assert.equal(body.length, Number(length ?? 0), what)
}

const APP = 'Origin: https://app.example\r\n'

const request = (line: string, headers = '', body = '') =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`

const send = (path: string, json: object, type = 'application/json') =>
  request(`POST ${path}`, `Content-Type: ${type}\r\n`, JSON.stringify(json))

test('every kind of response', async (t) => {
  const world = await startWorld(t, { corsOrigins: ['https://app.example'] })
  const { service, accessToken, refreshToken } = world
  const bearer = (token: string) => `Authorization: Bearer ${token}\r\n`
  const chunked = 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
  const ada = { username: 'ada', password: PASSWORD }
  const rows: readonly (readonly [status: number, bytes: string])[] = [
    [200, request('GET /livez')],
    [200, request('GET /livez', APP)],
    [200, request('HEAD /livez')],
    [200, request('GET /openapi.json')],
    [200, request('GET /docs')],
    [200, request('GET /docs/docs.js')],
    [302, request('GET /')],
    [302, request('HEAD /docs/')],
    [304, request('GET /docs', 'If-None-Match: *\r\n')],
    [200, request('POST /refresh_token', bearer(refreshToken))],
    [201, send('/api/auth/register', { ...ada, username: 'grace' })],
    [204, request('OPTIONS /livez', `${APP}Access-Control-Request-Method: POST\r\n`)],
    [400, send('/api/auth/login', {})],
    [400, request('POST /api/auth/login', 'Content-Type: application/json\r\n', '{')],
    [400, 'garbage\r\n\r\n'],
    [400, 'GET /livez HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n'],
    [401, request('GET /api/auth/me')],
    [401, request('HEAD /api/auth/me')],
    [403, request('POST /refresh_token', 'Cookie: refresh_token=a\r\nOrigin: null\r\n')],
    [404, request('GET /nowhere')],
    [404, request('GET /docs/nothing.js')],
    [405, request('PUT /livez')],
    [405, request('OPTIONS /livez')],
    [409, send('/api/auth/register', ada)],
    [413, request('POST /refresh_token', '', 'x'.repeat(17_000))],
    [413, `POST /refresh_token HTTP/1.1\r\nHost: a\r\n${chunked}4268\r\n${'x'.repeat(17_000)}\r\n0\r\n\r\n`],
    [415, send('/api/auth/login', ada, 'text/plain')],
    [417, request('POST /refresh_token', 'Expect: miracles\r\n')],
    [431, request('GET /livez', `X: ${'x'.repeat(17_000)}\r\n`)],
  ]
  for (const row of rows) await check(service.url, ...row)

  const limits = {
    headersTimeout: 50,
    requestTimeout: 80,
    keepAliveTimeout: 1000,
    connectionsCheckingInterval: 10,
  }
  const slow = await listen(createApp(service.core), { host: '127.0.0.1', port: 0 }, service.core, limits)
  t.after(() => slow.close(100))
  await check(slow.url, 408, 'GET /livez HTTP/1.1\r\n')

  const me = request('GET /api/auth/me', bearer(accessToken))
  const putBack = await hideTables(world)
  await check(service.url, 500, me)
  await putBack()
  await service.core.store.close()
  await check(service.url, 503, me)
  await check(service.url, 503, request('GET /readyz'))
})
