/** Names that generated clients take from the contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract, operations } from '../support/check-response.ts'

/** orval, kubb, hey-api and swagger-typescript-api name their own types by operation and one of these. */
const SUFFIXES = [
  ...[
    'Result',
    'Response',
    'Responses',
    'Error',
    'Errors',
    'Data',
    'Body',
    'Params',
    'Headers',
    'Query',
    'Path',
    'Payload',
  ],
  ...[
    'Mutation',
    'MutationRequest',
    'MutationResponse',
    'QueryResponse',
    'PathParams',
    'QueryParams',
    'HeaderParams',
  ],
]

const pascal = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`

test('no schema has a name that a generator gives to an operation', () => {
  const taken = operations.flatMap(({ operation: { operationId } }) =>
    ['', ...SUFFIXES].map((suffix) => pascal(operationId) + suffix),
  )
  assert.deepEqual(
    Object.keys(contract.components.schemas).filter((name) => taken.includes(name)),
    [],
  )
})

test('errors have named schemas, and all but one the same', () => {
  // A response without a body is no error.
  const names = Object.values(contract.components.responses).flatMap(({ content }) => {
    const { schema } = content?.['application/json'] ?? {}
    return content === undefined ? [] : (schema as { $ref?: string } | undefined)?.$ref?.split('/').at(-1)
  })
  assert.deepEqual([...new Set(names)].sort(), ['Error', 'InvalidRequest'])
})

test('results have named schemas, for which OpenAPI Generator writes InlineResponse2001 otherwise', () => {
  const unnamed = operations.flatMap(({ operation: { operationId, responses } }) =>
    Object.values(responses)
      .map(({ content }) => content?.['application/json']?.schema)
      .filter((schema) => schema !== undefined && !('$ref' in schema))
      .map(() => operationId),
  )
  assert.deepEqual(unnamed, [])
})

test('a summary says what the operation does', () => {
  const VERBS =
    /^(Get|List|Check|Read|Create|Register|Log|End|Delete|Activate|Deactivate|Open|Change|Exchange|Set|Rename|Explain|Prove) /
  for (const { operation } of operations) {
    const { summary } = operation as unknown as { summary: string }
    assert.match(`${summary} `, VERBS)
    assert.ok(summary.length <= 80 && !summary.endsWith('.'), summary)
  }
})
