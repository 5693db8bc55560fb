/** Examples are true: they fit their schemas, and every part that people read has one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { contract, validator } from '../support/check-response.ts'

type Members = Readonly<Record<string, unknown>>

interface Example {
  readonly pointer: string
  readonly schema: object
  readonly value: unknown
}

/** Every example in a document, with the schema that it illustrates */
function examplesOf(value: unknown, pointer = '#'): Example[] {
  if (typeof value !== 'object' || value === null) return []
  const { schema, example, examples, ...rest } = value as Members
  const found: Example[] = []
  const add = (of: object, one: unknown) => found.push({ pointer, schema: of, value: one })
  // A header, a parameter or a media type
  if (typeof schema === 'object' && schema !== null) {
    if (example !== undefined) add(schema, example)
    for (const one of Object.values((examples ?? {}) as Members)) add(schema, (one as Members)['value'])
  }
  // A schema
  else if (Array.isArray(examples)) for (const one of examples) add(rest, one)
  const inside = { ...rest, schema }
  return [...found, ...Object.entries(inside).flatMap(([key, part]) => examplesOf(part, `${pointer}/${key}`))]
}

const unfit = (examples: readonly Example[]) =>
  examples.filter(({ schema, value }) => !validator(schema)(value)).map(({ pointer }) => pointer)

test('every example fits its schema', () => {
  const examples = examplesOf(contract)
  assert.ok(examples.length > 150, String(examples.length))
  assert.deepEqual(unfit(examples), [])
})

test('an example that does not fit is found, of a header, a parameter, a body and a schema', () => {
  const schema = { type: 'string', const: 'no-store' }
  const part = {
    Header: { schema, example: 'public' },
    parameters: [{ schema: { type: 'integer' }, example: '50' }],
    content: { schema: { type: 'object', required: ['a'] }, examples: { one: { value: {} } } },
    Schema: { type: 'string', pattern: '^a', examples: ['a', 'b'] },
  }
  assert.deepEqual(unfit(examplesOf(part)), ['#/Header', '#/parameters/0', '#/content', '#/Schema'])
})

test('every parameter and every header has an example', () => {
  const without = (value: unknown, pointer = '#'): string[] => {
    if (typeof value !== 'object' || value === null) return []
    const { example, $ref } = value as Members
    const isPart = /\/(parameters\/\d+|headers\/[\w-]+)$/.test(pointer)
    return [
      ...(isPart && example === undefined && $ref === undefined ? [pointer] : []),
      ...Object.entries(value).flatMap(([key, part]) => without(part, `${pointer}/${key}`)),
    ]
  }
  // Each response has the examples of its words.
  assert.deepEqual(
    without(contract).filter((pointer) => !pointer.endsWith('/Rekindle-Error')),
    [],
  )
})

test('the example of this document has its version', () => {
  const document = examplesOf(contract).find(({ pointer }) =>
    pointer.includes('openapi.json/get/responses/200'),
  )
  assert.ok(document !== undefined)
  const { info } = document.value as { readonly info: object }
  assert.deepEqual(info, { title: 'Rekindle', version: packageJson.version })
})
