/** The judge of all responses: it refuses everything that is not in the contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkResponse, contract } from '../support/check-response.ts'
import { startService } from '../support/service.ts'

/** Responses whose members the contract does not list: the contract itself. */
const OPEN = ['/paths//openapi.json/get/responses/200/content/application/json/schema']

function openObjects(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type, properties, additionalProperties } = value as Record<string, unknown>
  const open = type === 'object' && typeof properties === 'object' && additionalProperties !== false
  const inside = Object.entries(value).flatMap(([key, member]) => openObjects(member, `${path}/${key}`))
  return open ? [path, ...inside] : inside
}

test('every object of the contract is closed', () => {
  assert.deepEqual(openObjects(contract), OPEN)
})

test('an undocumented status, media type, member or header does not pass', async (t) => {
  const service = await startService(t)
  const real = await service.request('/livez')
  const check = (change: ResponseInit, text = real.text) =>
    checkResponse('GET', '/livez', new Response(text, { headers: real.headers, ...change }), text)
  const headers = (more: Record<string, string>) => ({
    headers: { ...Object.fromEntries(real.headers), ...more },
  })

  check({})
  assert.throws(() => check({ status: 418 }), /is not documented/)
  assert.throws(() => check(headers({ 'content-type': 'text/plain' })), /text\/plain is not documented/)
  assert.throws(() => check(headers({ 'set-cookie': 'a=b' })), /set-cookie is not documented/)
  assert.throws(() => check(headers({ 'x-request-id': '' })))
  assert.throws(() => check({}, JSON.stringify({ ...real.body, more: 1 })), /additional properties/)
  assert.throws(() => check({}, JSON.stringify({ ...real.body, code: 201 })))
  const { 'cache-control': _, ...rest } = Object.fromEntries(real.headers)
  assert.throws(() => check({ headers: rest }), /lacks Cache-Control/)
})
