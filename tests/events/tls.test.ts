/** The webhook over TLS: a receiver whose certificate nobody vouches for gets no event. */
import assert from 'node:assert/strict'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { send } from '../../src/events/webhook.ts'
import { listEvents } from '../../src/store/queries/events.ts'
import { LOCALHOST } from '../support/certificate.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { WEBHOOK_SECRET } from '../support/webhook-receiver.ts'

test('a certificate that is not trusted: no byte of an event is sent', async (t) => {
  const { key, cert } = LOCALHOST
  let came = 0
  const receiver = createServer({ key, cert }, (incoming, answer) => {
    came++
    incoming.resume()
    answer.writeHead(204).end()
  })
  let refused = 0
  receiver.on('tlsClientError', () => refused++)
  await new Promise<void>((resolve) => receiver.listen(0, 'localhost', resolve))
  t.after(() => receiver.close())
  const url = `https://localhost:${(receiver.address() as AddressInfo).port}/hook`

  // Who trusts the certificate is answered, so nothing else is wrong with it.
  const trusted = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(url, { method: 'POST', ca: cert, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject).end('{}')
  })
  assert.deepEqual([trusted, came, refused], [204, 1, 0])

  const service = await startService(t)
  await service.register()
  const [event] = await listEvents(service.core.db, { limit: 1 })
  assert.ok(event !== undefined)
  const answered = await send({ url, secret: WEBHOOK_SECRET }, event, Date.now(), AbortSignal.timeout(5000))
  assert.equal(answered, undefined)
  assert.equal(came, 1)
  await until(() => refused > 0, 'the refusal of the certificate')
})
