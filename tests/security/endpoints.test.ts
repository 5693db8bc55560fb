/** No operation that takes a token may be left out of the attacks. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { endpoints } from './endpoints.ts'

interface Contract {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly security?: readonly Readonly<Record<string, unknown>>[] }>>
    >
  >
}

test('every operation that takes a token of a user is attacked', () => {
  const { paths } = JSON.parse(readFileSync('generated/openapi.json', 'utf8')) as Contract
  const taking = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security = [] }]) => security.some((schemes) => !('adminToken' in schemes)))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  // Its token comes in the body, which `security` does not tell of.
  const expected = [...taking, 'POST /api/auth/refresh']
  assert.deepEqual([...new Set(endpoints.map(({ operation }) => operation))].toSorted(), expected.toSorted())
})
