/** Many requests in few bytes: a client that reads no response, or reads it too slowly, does not delay others for long. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import type { Service } from '../support/service.ts'
import { startService } from '../support/service.ts'
import { PATIENCE, until } from '../support/until.ts'
import { parseExposition } from './exposition.ts'

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

const BUNDLE = '/docs/swagger-ui-bundle.js'
// Of some 1.7 MB. Together they are more than the kernel accepts.
const ANSWERS = 20

async function start(t: TestContext, timeouts: Parameters<typeof listen>[3]) {
  const service = await startService(t, { metrics: { host: HOST, port: 0 } })
  const { core } = service
  const checked = { connectionsCheckingInterval: 10, ...timeouts }
  const listener = await listen(createApp(core), { host: HOST, port: 0 }, core, checked)
  t.after(() => listener.close(100))
  return { service, url: listener.url }
}

/** Waits for the line and the count of a connection that was closed because of its reader. */
async function isCut({ logged, core }: Service): Promise<void> {
  await until(() => logged().includes('answer_unread'), 'the line')
  const lines = logged().split('\n')
  const line = { level: 30, msg: 'connection closed', reason: 'answer_unread', address: HOST }
  assert.partialDeepStrictEqual(JSON.parse(lines.find((text) => text.includes('answer_unread')) ?? ''), line)
  const samples = parseExposition((await core.metrics?.text()) ?? '')
  assert.equal(samples.get('rekindle_unread_answers_total'), 1)
}

for (const [name, timeouts] of Object.entries({
  'when nothing has moved for too long': { timeout: 200 },
  'when its time is up': { timeout: PATIENCE, answerTimeout: 200, answerRate: 1e9 },
})) {
  test(`a client that never reads an answer is cut ${name}`, async (t) => {
    const { service, url } = await start(t, timeouts)
    const socket = pipeline(t, url, BUNDLE, ANSWERS)
    await isCut(service)
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.resume()
    await until(() => socket.closed, 'the end of the connection')
    // The bytes of the first responses that the kernel had accepted, of some 30 MB
    assert.ok(received < 15_000_000, `${received} bytes`)
  })
}

test('a client that reads a little now and then is cut, although something always moves', async (t) => {
  const { service, url } = await start(t, { timeout: PATIENCE, answerTimeout: 200, answerRate: 1e9 })
  const socket = pipeline(t, url, BUNDLE, ANSWERS)
  const timer = setInterval(() => socket.read(64), 10)
  t.after(() => clearInterval(timer))
  await isCut(service)
})

test('a client that reads slowly, but fast enough, gets all of its answers', async (t) => {
  const { service, url } = await start(t, { timeout: PATIENCE, answerTimeout: 100, answerRate: 1 })
  const { length } = (await service.request(BUNDLE)).text
  const socket = pipeline(t, url, BUNDLE, ANSWERS / 2)
  let received = 0
  const timer = setInterval(() => {
    received += (socket.read() as Buffer | null)?.length ?? 0
  }, 2)
  t.after(() => clearInterval(timer))
  await until(
    () => received > (ANSWERS / 2) * length,
    () => `${received} bytes`,
  )
  assert.doesNotMatch(service.logged(), /answer_unread/)
})
