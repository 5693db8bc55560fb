/** The webhook of the contract: what a receiver gets is what it documents, and what `GET /admin/events` lists. */
import assert from 'node:assert/strict'
import { ROUTINE, SECURITY_EVENTS } from '../../src/store/event-names.ts'
import { insertEvents } from '../../src/store/queries/events.ts'
import { contract, validator } from '../support/check-response.ts'
import { test } from '../support/database.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { deliverFor, startReceiver } from '../support/webhook-receiver.ts'

interface Webhook {
  readonly parameters: readonly { readonly name: string; readonly schema: object }[]
  readonly requestBody: { readonly content: { readonly 'application/json': { readonly schema: object } } }
}

const { post } = contract.webhooks.securityEvent as unknown as { readonly post: Webhook }
const { schema } = post.requestBody.content['application/json']
const stored = SECURITY_EVENTS.filter((name) => !ROUTINE.has(name))

test('each stored event arrives with the documented headers and body, as the list has it', async (t) => {
  const receiver = await startReceiver(t)
  const service = await startService(t)
  // Real ones, with all that a request tells
  const { id } = await service.register()
  await service.login()
  await service.tryLogin('wrong password')
  const origin = {
    address: '192.0.2.1',
    userAgent: 'curl/8.14.1',
    requestId: 'r-1',
    kind: 'exchange',
  } as const
  for (const name of stored) await insertEvents(service.core.db, [{ name, userId: id }], Date.now(), origin)
  for (const name of stored)
    await insertEvents(service.core.db, [{ name, reason: 'a' }], Date.now(), { ...origin, address: null })
  const { body } = await service.request('/admin/events?limit=200', { bearer: ADMIN_TOKEN })
  const listed: { id: string; type: string }[] = body.data.events
  deliverFor(t, service, receiver.url)
  await until(() => receiver.received.length >= listed.length, 'all events')

  const isEvent = validator(schema)
  for (const { headers, event } of receiver.received) {
    assert.ok(isEvent(event), `${event.type}: ${JSON.stringify(isEvent.errors)}`)
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('webhook-')),
      post.parameters.map(({ name }) => name),
    )
    for (const { name, schema } of post.parameters)
      assert.ok(validator(schema)(headers[name]), `${name}: ${headers[name]}`)
  }
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  assert.deepEqual(receiver.received.map(({ event }) => event).sort(byId), listed.toSorted(byId))
  assert.deepEqual(new Set(receiver.types()), new Set(stored))
})

test('the list and the webhook have one schema, whose types are those that are stored', () => {
  const { SecurityEvent, SecurityEventsResult } = contract.components.schemas as Record<string, object>
  const reference = { $ref: '#/components/schemas/SecurityEvent' }
  assert.deepEqual(schema, reference)
  assert.ok(JSON.stringify(SecurityEventsResult).includes(JSON.stringify(reference)))
  const { type } = (SecurityEvent as { properties: Record<string, { 'x-extensible-enum'?: string[] }> })
    .properties
  assert.deepEqual(new Set(type?.['x-extensible-enum']), new Set<string>(stored))
  for (const wrong of [
    {},
    { id: 'a', type: 'session.stolen', timestamp: '2026-11-22T08:00:00.000Z', data: {} },
  ])
    assert.ok(!validator(schema)(wrong))
})
