/** Requests that are refused before the app sees them: one log line each, counted once, without any of the sent data. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { parseExposition } from './exposition.ts'

const HOST = 'Host: localhost\r\n'
const CANARY = 'hunter2canary'
const LOGIN = `POST /api/auth/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nAuthorization: Bearer ${CANARY}\r\n`

// Shortened, but longer than any response takes
const TIMEOUTS = {
  headersTimeout: 800,
  requestTimeout: 900,
  keepAliveTimeout: 1000,
  connectionsCheckingInterval: 10,
}

async function start(t: TestContext) {
  const service = await startService(t, { metrics: { host: '127.0.0.1', port: 0 } })
  const { core } = service
  const listener = await listen(createApp(core), { host: '127.0.0.1', port: 0 }, core, TIMEOUTS)
  t.after(() => listener.close(100))
  const port = Number(new URL(listener.url).port)
  return {
    port,
    send(bytes: string): Promise<string> {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
      return text(socket)
    },
    lines: () =>
      service
        .logged()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg !== 'database migrated'),
    counted: async () => parseExposition((await core.metrics?.text()) ?? ''),
    logged: service.logged,
  }
}

const early: Readonly<Record<string, readonly [bytes: string, status: number, reason: string]>> = {
  garbage: [`${CANARY}\r\n\r\n`, 400, 'HPE_INVALID_METHOD'],
  'a header that is none': [
    `GET /${CANARY} HTTP/1.1\r\n${HOST}${CANARY}: a\0\r\n\r\n`,
    400,
    'HPE_INVALID_HEADER_TOKEN',
  ],
  'a host that is none': [
    `GET /livez?${CANARY} HTTP/1.1\r\nHost: ${CANARY}@b\r\nConnection: close\r\n\r\n`,
    400,
    'invalid_url',
  ],
  'headers that never end': [`GET /${CANARY} HTTP/1.1\r\nHost: `, 408, 'ERR_HTTP_REQUEST_TIMEOUT'],
  'an expectation': [`${LOGIN}Expect: ${CANARY}\r\n\r\n`, 417, 'unknown_expectation'],
  'headers that are too large': [
    `GET /livez HTTP/1.1\r\nX: ${CANARY.repeat(2000)}\r\n\r\n`,
    431,
    'HPE_HEADER_OVERFLOW',
  ],
}

for (const [name, [bytes, status, reason]] of Object.entries(early)) {
  test(`${name}: one line, counted once, and nothing of it`, async (t) => {
    const { send, lines, logged, counted } = await start(t)
    const answer = await send(bytes)
    const [, id] = /^X-Request-Id: (\S+)\r$/im.exec(answer) ?? []
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.partialDeepStrictEqual(lines(), [
      { level: 30, msg: 'request', request_id: id, status, reason, address: '127.0.0.1' },
    ])
    assert.equal(lines().length, 1)
    assert.ok(!logged().includes(CANARY))
    const samples = await counted()
    for (const code of [400, 408, 417, 431, 500])
      assert.equal(samples.get(`rekindle_refused_requests_total{status="${code}"}`), code === status ? 1 : 0)
  })
}

// The app already handles these and logs them. There is no second line, and the line has the status that was really sent.
const late: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  'a body that never ends': [`${LOGIN}Content-Length: 99\r\n\r\n{"${CANARY}`, 408],
  'chunks that are none': [`${LOGIN}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n${CANARY}\r\n\r\n`, 400],
}

for (const [name, [bytes, status]] of Object.entries(late)) {
  test(`${name}: one line, with the status and the id of the answer`, async (t) => {
    const { send, lines, logged, counted } = await start(t)
    const answer = await send(bytes)
    const [, id] = /^X-Request-Id: (\S+)\r$/im.exec(answer) ?? []
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    await until(() => lines().length > 0, 'the line')
    const line = { msg: 'request', request_id: id, status, method: 'POST', route: '/api/auth/login' }
    assert.partialDeepStrictEqual(lines(), [line])
    assert.equal(lines().length, 1)
    assert.ok(!logged().includes(CANARY))
    const samples = await counted()
    const key = `http_request_duration_seconds_count{method="POST",route="/api/auth/login",status="${status}"}`
    assert.equal(samples.get(key), 1)
    assert.equal(samples.get(`rekindle_refused_requests_total{status="${status}"}`), 0)
  })
}

test('bytes behind garbage, and garbage behind a request: a line each, however much it is', async (t) => {
  const { send, lines } = await start(t)
  await send('garbage\r\n\r\n'.repeat(1000))
  assert.deepEqual(
    lines().map(({ status }) => status),
    [400],
  )
  const answer = await send(`GET /livez HTTP/1.1\r\n${HOST}Connection: keep-alive\r\n\r\ngarbage\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 \d+/)
  assert.deepEqual(
    lines().map(({ route, status }) => [route, status]),
    [
      [undefined, 400],
      [undefined, 400],
      ['/livez', 200],
    ],
  )
})

test('a connection that rests after its request, and one that comes and goes: no line of their own', async (t) => {
  const { send, lines, port } = await start(t)
  assert.match(await send(`GET /livez HTTP/1.1\r\n${HOST}\r\n`), /^HTTP\/1\.1 200 /)
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end()).on('close', () => resolve())
    socket.resume()
  })
  assert.deepEqual(
    lines().map(({ route }) => route),
    ['/livez'],
  )
})
