/** The webhook over TLS: a receiver whose certificate nobody vouches for gets no event. */
import assert from 'node:assert/strict'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { send } from '../../src/events/webhook.ts'
import { listEvents } from '../../src/store/queries/events.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { WEBHOOK_SECRET } from '../support/webhook-receiver.ts'

// Made for this test: self-signed, for localhost, until 2120
const KEY = [
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIzbJKiJEfwO6rNwFn6HmU4BMJ40jkISZxBKXXnl7PfShRANCAAT1',
  'xURozTXBmSATOSnPx2Ys9OwPApvH/L7Lek0u/oTROT1ljMASb9z39AbXPvEF/6mZE9PCxmVj/YA5lyTKsw5N',
].join('')
const CERTIFICATE = [
  'MIIBYDCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAx',
  'MDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPXFRGjNNcGZIBM5Kc/HZiz0',
  '7A8Cm8f8vst6TS7+hNE5PWWMwBJv3Pf0Btc+8QX/qZkT08LGZWP9gDmXJMqzDk2jSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAP',
  'BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBR0xyvQPnLWCbtEzJvbTNor1cijvjAKBggqhkjOPQQDAgNHADBEAiBViB3taWbeKxNF',
  'IQFHkB6fNMrvYbxeqMxk7hYaDs1+FwIgExWc49ANPhCkosPtsv3kW3dRuECAPB1fP6AbidxI8V8=',
].join('')
const pem = (label: string, base64: string) => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`

test('a certificate that is not trusted: no byte of an event is sent', async (t) => {
  const cert = pem('CERTIFICATE', CERTIFICATE)
  let came = 0
  const receiver = createServer({ key: pem('PRIVATE KEY', KEY), cert }, (incoming, answer) => {
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
