/** HTTP that is broken, too large or smuggled, as bytes on a socket: a response in the envelope, and no crash. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { startService } from '../support/service.ts'
import { startWorld } from '../support/world.ts'

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly all: string
}

// Milliseconds, for a response that must come and a connection that must end.
const PATIENCE = 2000

/** @returns the first response to the bytes, and all bytes until the connection ended or became silent */
function send(service: Service, bytes: string, patience = PATIENCE): Promise<RawAnswer> {
  const { hostname, port } = new URL(service.url)
  return new Promise((resolve, reject) => {
    let all = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'))
    socket.setTimeout(patience, () => socket.destroy())
    socket.on('data', (chunk) => {
      all += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const [head = '', body = ''] = all.split(/\r\n\r\n(.*)/s)
      const [line = '', ...fields] = head.split('\r\n')
      const headers = fields.map((field): [string, string] => {
        const [name = '', value = ''] = field.split(/: (.*)/)
        return [name.toLowerCase(), value]
      })
      resolve({ status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers), body, all })
    })
  })
}

const HOST = 'Host: localhost\r\n'

function inEnvelope({ status, headers, body }: RawAnswer, expected: number, name: string): void {
  assert.equal(status, expected, name)
  assert.equal(headers['content-type'], 'application/json', name)
  assert.equal(headers['cache-control'], 'no-store', name)
  const { message, ...rest } = JSON.parse(body)
  assert.deepEqual(rest, { status: 'error', code: expected }, name)
  assert.equal(typeof message, 'string')
}

const broken: Readonly<Record<string, string>> = {
  garbage: 'garbage\r\n\r\n',
  'binary garbage': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'no method': ` /livez HTTP/1.1\r\n${HOST}\r\n`,
  'a method that is none': `PWN /livez HTTP/1.1\r\n${HOST}\r\n`,
  'HTTP/2 at once': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'NUL in the path': `GET /livez\0 HTTP/1.1\r\n${HOST}\r\n`,
  'NUL in a header': `GET /livez HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`,
  'CR in a header': `GET /livez HTTP/1.1\r\n${HOST}X-Request-Id: a\rSet-Cookie: b\r\n\r\n`,
  'a folded header': `GET /livez HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`,
  'a header without a name': `GET /livez HTTP/1.1\r\n${HOST}: x\r\n\r\n`,
  'a length that is none': `POST /refresh_token HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`,
  'a negative length': `POST /refresh_token HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
  'two lengths': `POST /refresh_token HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  'length and chunks': `POST /refresh_token HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'an unknown coding': `POST /refresh_token HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`,
  'chunks that are none': `POST /refresh_token HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
  'bare line feeds': 'GET /livez HTTP/1.1\nHost: localhost\n\n',
}

test('what the parser refuses: 400 in the envelope, and the connection ends', async (t) => {
  const service = await startService(t)
  for (const [name, bytes] of Object.entries(broken)) {
    const answer = await send(service, bytes)
    inEnvelope(answer, 400, name)
    assert.equal(answer.headers['connection'], 'close')
    assert.equal((await service.request('/livez')).status, 200, name)
  }
})

// Values that the parser accepts, but that are no valid URL or host.
const unusable: Readonly<Record<string, string>> = {
  'no host': 'GET /livez HTTP/1.1\r\n\r\n',
  'two hosts': 'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'the same host twice': 'GET /livez HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n',
  'an empty host behind a good one': 'GET /livez HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n',
  'an empty host': 'GET /livez HTTP/1.1\r\nHost:\r\n\r\n',
  'a host that is none': 'GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n',
  'a host with a path': 'GET /livez HTTP/1.1\r\nHost: x/y?z#\r\n\r\n',
  'a host with a user': 'GET /livez HTTP/1.1\r\nHost: a@b\r\n\r\n',
  'a port that is none': 'GET /livez HTTP/1.1\r\nHost: x:99999\r\n\r\n',
  'an address that is none': `GET http://[/livez HTTP/1.1\r\n${HOST}\r\n`,
  'another protocol': `GET ftp://localhost/livez HTTP/1.1\r\n${HOST}\r\n`,
  'the whole server': `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  'a backslash': `GET /\\livez HTTP/1.1\r\n${HOST}\r\n`,
}

for (const [name, bytes] of Object.entries(unusable)) {
  test(`${name}: a failure in the envelope`, async (t) => {
    const answer = await send(await startService(t), bytes)
    assert.ok([400, 404].includes(answer.status), `${answer.status}`)
    inEnvelope(answer, answer.status, name)
  })
}

test('HTTP/1.0 without a Host, as load balancers check the health: an answer, and the connection ends', async (t) => {
  const service = await startService(t)
  for (const path of ['/livez', '/readyz']) {
    const { status, headers } = await send(service, `GET ${path} HTTP/1.0\r\n\r\n`)
    assert.deepEqual([status, headers['connection']], [200, 'close'])
  }
})

test('an expectation that is unknown: no undocumented answer', async (t) => {
  const bytes = `POST /refresh_token HTTP/1.1\r\n${HOST}Expect: miracles\r\nContent-Length: 0\r\n\r\n`
  const answer = await send(await startService(t), bytes)
  inEnvelope(answer, answer.status, 'Expect')
})

test('every answer carries X-Request-Id, those that are refused early too', async (t) => {
  const service = await startService(t)
  for (const bytes of ['garbage\r\n\r\n', `GET /livez HTTP/1.1\r\n${HOST}X: ${'x'.repeat(17_000)}\r\n\r\n`]) {
    const { headers } = await send(service, bytes)
    assert.match(headers['x-request-id'] ?? '', /^[A-Za-z0-9._-]{1,64}$/)
  }
})

test('headers of more than 16 kB: 431 in the envelope', async (t) => {
  const service = await startService(t)
  const large = 'x'.repeat(17_000)
  for (const [name, bytes] of Object.entries({
    header: `GET /livez HTTP/1.1\r\n${HOST}X: ${large}\r\n\r\n`,
    path: `GET /${large} HTTP/1.1\r\n${HOST}\r\n`,
    token: `POST /refresh_token HTTP/1.1\r\n${HOST}Authorization: Bearer ${large}\r\n\r\n`,
    cookie: `POST /refresh_token HTTP/1.1\r\n${HOST}Cookie: refresh_token=${large}\r\n\r\n`,
    'many headers': `GET /livez HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(4000)}\r\n`,
  })) {
    inEnvelope(await send(service, bytes), 431, name)
    assert.equal((await service.request('/livez')).status, 200)
  }
})

test('garbage behind a request on one connection: nothing is done twice, nobody else is served it', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  const refresh = `POST /refresh_token HTTP/1.1\r\n${HOST}Connection: close\r\nAuthorization: Bearer ${refreshToken}\r\n`
  // The second request is hidden in or behind the part that a careless server would read as the body of the first.
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const lengthy = await send(service, `${refresh}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`)
  assert.equal(lengthy.status, 200)
  assert.equal(lengthy.all.match(/HTTP\/1\.1 \d/g)?.length, 1)
  const before = await snapshot(service.database)
  for (const bytes of [
    `GET /livez HTTP/1.1\r\n${HOST}\r\ngarbage\r\n\r\n`,
    `GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(50),
    `GET /livez HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nGET /`,
    `${'GET /livez HTTP/1.1\r\n'.slice(0, 10)}`,
    '',
  ]) {
    // Some of these never get a response.
    await send(service, bytes, 50)
    assert.equal((await service.request('/livez')).status, 200)
  }
  assert.deepEqual(await snapshot(service.database), before)
})

test('connections that are cut in the middle: no defect of the service, and it lives on', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const before = await snapshot(service.database)
  const { hostname, port } = new URL(service.url)
  const start = `POST /api/auth/password HTTP/1.1\r\n${HOST}Authorization: Bearer ${accessToken}\r\nContent-Type: application/json\r\n`
  for (const bytes of [
    `${start}Content-Length: 100\r\n\r\n{"current_pass`,
    `${start}Transfer-Encoding: chunked\r\n\r\n5\r\n{"cur\r\n`,
    start,
  ]) {
    await new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes, () => setTimeout(cut, 20)))
      const cut = () => socket.resetAndDestroy()
      socket.on('error', resolve).on('close', resolve)
    })
    assert.equal((await service.request('/livez')).status, 200)
  }
  assert.deepEqual(await snapshot(service.database), before)
  // Errors in the log may wake an operator. A lost connection is not an error.
  assert.doesNotMatch(service.logged(), /"level":[56]0/)
})
