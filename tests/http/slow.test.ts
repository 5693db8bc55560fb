/** Clients that are too slow: 408 in the envelope, and the connection ends. The timeouts are shortened for the test. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { startService } from '../support/service.ts'
import { PATIENCE } from '../support/until.ts'

for (const [what, sent] of [
  ['headers that never end', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
  [
    'a body that never ends',
    'POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
] as const) {
  test(what, async (t) => {
    const { core } = await startService(t)
    const limits = {
      headersTimeout: 50,
      requestTimeout: 80,
      keepAliveTimeout: 1000,
      connectionsCheckingInterval: 10,
    }
    const listener = await listen(createApp(core), { host: '127.0.0.1', port: 0 }, core, limits)
    t.after(() => listener.close(100))
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
    socket.write(sent)
    const answer = await text(socket)
    assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    assert.match(answer, /\r\n\r\n{"status":"error","code":408,"message":"Request Timeout\."}$/)
  })
}

test('a body that is refused and never ends: 413, and the connection ends when the request has taken too long', async (t) => {
  const { core } = await startService(t)
  const limits = { requestTimeout: 2000, headersTimeout: 1500, connectionsCheckingInterval: 10 }
  const listener = await listen(createApp(core), { host: '127.0.0.1', port: 0 }, core, limits)
  t.after(() => listener.close(100))
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('POST /refresh_token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n')
  const timer = setInterval(() => socket.write('x'.repeat(65_536)), 20)
  t.after(() => clearInterval(timer))
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  await once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE) })
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
})
