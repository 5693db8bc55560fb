/** Clients that are too slow: 408 in the envelope, and the connection ends. The timeouts are shortened for the test. */

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { snapshot } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { override, PASSWORD, startService } from '../support/service.ts'
import { PATIENCE, until } from '../support/until.ts'
import { startWorld } from '../support/world.ts'

const HURRY = {
  headersTimeout: 50,
  requestTimeout: 80,
  keepAliveTimeout: 1000,
  connectionsCheckingInterval: 10,
}
const HOST = 'Host: localhost\r\n'

/** A second listener of the service. @returns its port */
async function hurried(t: TestContext, { core }: Service, limits: Parameters<typeof listen>[3] = {}) {
  const address = { host: '127.0.0.1', port: 0 }
  const listener = await listen(createApp(core), address, core, { ...HURRY, ...limits })
  t.after(() => listener.close(100))
  return Number(new URL(listener.url).port)
}

/** A client that never closes its side. */
function stubborn(t: TestContext, port: number, bytes: string) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  t.after(() => socket.destroy())
  const client = { socket, answer: '' }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    client.answer += chunk
  })
  socket.write(bytes)
  return client
}

function drip(t: TestContext, socket: Socket): void {
  const timer = setInterval(() => socket.write('a'), 10)
  t.after(() => clearInterval(timer))
}

const lines = ({ logged }: Service) =>
  logged()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line))

const login = JSON.stringify({ username: 'ada', password: PASSWORD })
const LOGIN = `POST /api/auth/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${login.length}\r\n\r\n`
const refreshWith = (token: string, length: number) =>
  `POST /refresh_token HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`

const NEVER_ENDING = [
  ['headers that never end', `GET /livez HTTP/1.1\r\n${HOST}X-Slow: `],
  [
    'a body that never ends',
    `POST /api/auth/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n{`,
  ],
  [
    'chunks that never end',
    `POST /api/auth/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n{`,
  ],
] as const

for (const [what, sent] of NEVER_ENDING) {
  test(what, async (t) => {
    const port = await hurried(t, await startService(t))
    const socket = connect(port, '127.0.0.1')
    socket.write(sent)
    const answer = await text(socket)
    assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    assert.match(answer, /\r\n\r\n{"status":"error","code":408,"message":"Request Timeout\."}$/)
  })

  test(`${what}, from a client that goes on sending: its connection is destroyed soon after the answer`, async (t) => {
    const port = await hurried(t, await startService(t), { lingerTimeout: 50 })
    const client = stubborn(t, port, sent)
    drip(t, client.socket)
    await until(() => client.socket.closed, 'the end of the connection')
    assert.match(client.answer, /^HTTP\/1\.1 408 /)
    assert.equal(client.answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
  })
}

test('garbage from a client that keeps its side open: its connection is destroyed soon after the answer', async (t) => {
  const port = await hurried(t, await startService(t), { lingerTimeout: 50 })
  const client = stubborn(t, port, 'garbage\r\n\r\n')
  drip(t, client.socket)
  await until(() => client.socket.closed, 'the end of the connection')
  assert.match(client.answer, /^HTTP\/1\.1 400 /)
})

test('a login that was answered 408 is not carried out when its body comes at last, nor is what follows it', async (t) => {
  const world = await startWorld(t)
  const port = await hurried(t, world.service, { lingerTimeout: PATIENCE })
  const before = await snapshot(world.service.database)
  const logged = lines(world.service).length
  const client = stubborn(t, port, LOGIN + login.slice(0, 10))
  await until(() => client.answer.includes('Request Timeout.'), 'the 408')
  client.socket.write(login.slice(10) + refreshWith(world.refreshToken, 0))
  await until(() => lines(world.service).length > logged, 'the line')
  assert.equal((await world.service.request('/livez')).status, 200)
  assert.deepEqual(
    lines(world.service)
      .slice(logged)
      .map(({ route, status }) => [route, status]),
    [
      ['/api/auth/login', 408],
      ['/livez', 200],
    ],
  )
  assert.deepEqual(await snapshot(world.service.database), before)
  assert.equal(client.answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
})

test('an unfit body that comes after the 408 is logged with the status that was sent', async (t) => {
  for (const rest of ['}'.repeat(20), `"a":1}${' '.repeat(14)}`]) {
    const service = await startService(t)
    const port = await hurried(t, service, { lingerTimeout: PATIENCE })
    const head = LOGIN.replace(/Length: \d+/, 'Length: 21')
    const client = stubborn(t, port, `${head}{`)
    await until(() => client.answer.includes('Request Timeout.'), 'the 408')
    client.socket.write(rest)
    await until(() => lines(service).length > 0, 'the line')
    const [, id] = /^X-Request-Id: (\S+)\r$/im.exec(client.answer) ?? []
    assert.partialDeepStrictEqual(lines(service), [{ route: '/api/auth/login', status: 408, request_id: id }])
  }
})

test('a refresh that is carried out while its body is awaited is answered, not refused', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  const gate = Promise.withResolvers<boolean>()
  override(service.core, { mayWrite: () => gate.promise })
  const port = await hurried(t, service, { lingerTimeout: 50 })
  const client = stubborn(t, port, refreshWith(refreshToken, 1000))
  // This connection is younger. When it gets its 408, the time of the other is up as well.
  const younger = stubborn(t, port, LOGIN)
  await until(() => younger.answer.includes('Request Timeout.'), 'the 408')
  gate.resolve(true)
  drip(t, client.socket)
  await until(() => client.socket.closed, 'the end of the connection')
  assert.match(client.answer, /^HTTP\/1\.1 200 /)
  assert.match(client.answer, /^connection: close\r$/im)
  assert.equal(client.answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
})

test('garbage behind a request, broken chunks behind it: its answer comes first, then the refusal', async (t) => {
  for (const rest of [
    'garbage\r\n\r\n',
    `POST /refresh_token HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `POST /api/auth/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  ]) {
    const { service, refreshToken } = await startWorld(t)
    const port = await hurried(t, service, { lingerTimeout: 50 })
    const client = stubborn(t, port, refreshWith(refreshToken, 0) + rest)
    // Only a client that sends something notices that the connection was destroyed.
    drip(t, client.socket)
    await until(() => client.socket.closed, 'the end of the connection')
    const [refreshed, refused] = client.answer.split(/(?<=})(?=HTTP)/)
    assert.match(refreshed ?? '', /^HTTP\/1\.1 200 /, rest)
    assert.match(refused ?? '', /^HTTP\/1\.1 400 /, rest)
  }
})

test('a body that is refused and never ends: 413, and the connection ends when the request has taken too long', async (t) => {
  const port = await hurried(t, await startService(t), { requestTimeout: 2000, headersTimeout: 1500 })
  const bytes = `POST /refresh_token HTTP/1.1\r\n${HOST}Content-Length: 1000000000\r\n\r\n`
  const client = stubborn(t, port, bytes)
  const timer = setInterval(() => client.socket.write('x'.repeat(65_536)), 20)
  t.after(() => clearInterval(timer))
  await until(() => client.socket.closed, 'the end of the connection')
  assert.match(client.answer, /^HTTP\/1\.1 413 /)
  assert.equal(client.answer.match(/^HTTP\/1\.1 /gm)?.length, 1)
})
