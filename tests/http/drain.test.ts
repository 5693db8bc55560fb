import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startService } from '../support/service.ts'

test('connections that wait to be accepted when the service is closed are answered', async (t) => {
  const service = await startService(t)
  const { hostname, port } = new URL(service.url)
  const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // All connections exist, and the service has accepted one or two of them.
  const closed = service.stop()
  const answers = sockets.map(async (socket) => {
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    return (await text(socket)).slice(0, 15)
  })
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['HTTP/1.1 200 OK']))
  await closed
})
