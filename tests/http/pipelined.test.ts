/** Many requests in few bytes: a client that sends them and reads no response does not delay others for long. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { startService } from '../support/service.ts'
import { PATIENCE } from '../support/until.ts'

// Node reads this many from one chunk of 64 KiB.
const COUNT = 800

const HOST = '127.0.0.1'

function pipeline(t: TestContext, url: string, path: string, count: number) {
  const socket = connect(Number(new URL(url).port), HOST)
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count))
  return socket.pause()
}

test('what is large costs no more to answer than what is small', async (t) => {
  const service = await startService(t)
  /** Milliseconds of CPU */
  async function costOf(path: string): Promise<number> {
    await service.request(path)
    const socket = pipeline(t, service.url, path, COUNT)
    await once(socket, 'connect')
    const before = process.cpuUsage()
    // A request that arrives after them is answered after them.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await service.request('/livez')
    const { user, system } = process.cpuUsage(before)
    socket.destroy()
    return (user + system) / 1000
  }
  await costOf('/livez')
  const small = await costOf('/livez')
  for (const path of ['/openapi.json', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css']) {
    const large = await costOf(path)
    assert.ok(large < 4 * small + 100, `${path}: ${large} ms, and /livez ${small} ms`)
  }
})

test('who never reads an answer is cut', async (t) => {
  const { core } = await startService(t)
  const listener = await listen(createApp(core), { host: HOST, port: 0 }, core, { timeout: 200 })
  t.after(() => listener.close(100))
  const socket = pipeline(t, listener.url, '/docs/swagger-ui-bundle.js', 20)
  // Ten times the timeout, in case the machine is busy.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  socket.resume()
  await once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE) })
  // The bytes of the first responses that the kernel had accepted, of some 30 MB
  assert.ok(received < 10_000_000, `${received} bytes`)
})
