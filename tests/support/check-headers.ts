/** Holds the headers of a response against the contract: each that is documented has a value of its schema. */
import assert from 'node:assert/strict'
import type { ValidateFunction } from 'ajv/dist/2020.js'

export interface Header {
  readonly $ref?: string
  readonly required?: boolean
  readonly schema: { readonly type?: string }
}

// What HTTP, CORS and the security headers of every response bring; all else belongs to the contract.
const GENERAL =
  /^(connection|content-encoding|content-length|content-type|date|keep-alive|transfer-encoding|vary|access-control-.+|content-security-policy|cross-origin-.+|origin-agent-cluster|referrer-policy|x-(content-type|dns|download|frame|permitted|xss)-.+)$/

/** The value as the schema's type: numbers are plain digits. */
const typed = ({ schema }: Header, text: string) =>
  schema.type === 'integer' && /^\d+$/.test(text) ? Number(text) : text

/**
 * @param name of the operation and the status, for messages
 * @param documented the headers of the response, by name, with references resolved
 * @throws AssertionError
 */
export function checkHeaders(
  name: string,
  documented: Readonly<Record<string, Header>>,
  headers: Headers,
  validator: (schema: object) => ValidateFunction,
): void {
  for (const [header, definition] of Object.entries(documented)) {
    if (definition.required === true) assert.ok(headers.has(header), `${name} lacks ${header}`)
    const lines = header === 'Set-Cookie' ? headers.getSetCookie() : [headers.get(header)]
    for (const line of lines.filter((one) => one !== null)) {
      const isValid = validator(definition.schema)(typed(definition, line))
      assert.ok(isValid, `${name}: ${header} is ${line}, unlike ${JSON.stringify(definition.schema)}`)
    }
  }
  const names = Object.keys(documented).map((header) => header.toLowerCase())
  for (const header of headers.keys())
    assert.ok(GENERAL.test(header) || names.includes(header), `${name}: ${header} is not documented`)
}

/** RFC 9110 §10.2.1: "the set of methods advertised as supported by the target resource" @param methods of the contract */
export function checkAllow(name: string, methods: readonly string[], headers: Headers): void {
  const known = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  assert.deepEqual(headers.get('Allow')?.split(', ').sort(), known.sort(), `${name}: Allow`)
}
