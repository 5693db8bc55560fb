import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toOpenApi30 } from '../../openapi/down-convert.ts'
import { contract } from '../support/check-response.ts'

const info = { title: 'T', version: '1', summary: 'S', license: { name: 'MIT', identifier: 'MIT' } }
const converted = (schema: object) => {
  const { components } = toOpenApi30({ openapi: '3.1.1', info, components: { schemas: { schema } } })
  return (components as { schemas: { schema: unknown } }).schemas.schema
}

test('each notation of 3.1 becomes that of 3.0', () => {
  assert.deepEqual(converted({ type: ['string', 'null'], format: 'uuid' }), {
    type: 'string',
    nullable: true,
    format: 'uuid',
  })
  assert.deepEqual(converted({ type: 'string', const: 'error' }), { type: 'string', enum: ['error'] })
  assert.deepEqual(converted({ type: 'string', examples: ['a', 'b'] }), { type: 'string', example: 'a' })
  assert.deepEqual(converted({ $ref: '#/a', description: 'A' }), {
    allOf: [{ $ref: '#/a' }],
    description: 'A',
  })
  assert.deepEqual(converted({ $ref: '#/a' }), { $ref: '#/a' })
  // Members with the names of keywords
  const properties = { type: { type: 'string' }, const: { const: 1 }, examples: { type: 'integer' } }
  assert.deepEqual(converted({ properties }), {
    properties: { type: { type: 'string' }, const: { enum: [1] }, examples: { type: 'integer' } },
  })
})

test('what 3.0 cannot express is refused, not lost', () => {
  for (const schema of [
    { type: ['string', 'integer'] },
    { anyOf: [{ type: 'null' }] },
    { if: {} },
    { prefixItems: [] },
  ])
    assert.throws(() => converted(schema), TypeError)
})

test('operations, statuses and examples are the same', () => {
  // 3.0 has no webhooks.
  const { webhooks: _, ...before } = JSON.parse(JSON.stringify(contract))
  const after = toOpenApi30(before)
  assert.deepEqual(Object.keys(after['paths'] as object), Object.keys(contract.paths))
  const text = JSON.stringify(after)
  assert.equal(text.match(/"value":/g)?.length, JSON.stringify(before).match(/"value":/g)?.length)
  assert.doesNotMatch(text, /"const":|"type":\[/)
})
