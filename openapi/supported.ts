/**
 * Refuses what the generators would silently leave out: the contract would promise it, and the service would not keep it.
 * To use more of OpenAPI, teach it to `routes.ts` or `validators.ts` first, and then add it here.
 */
import type { Members } from './judge-schemas.ts'
import { resolve } from './judge-schemas.ts'

const OPERATION = [
  ...['operationId', 'tags', 'summary', 'description', 'deprecated', 'security'],
  ...['parameters', 'requestBody', 'responses'],
]
const METHODS = ['get', 'post', 'put', 'delete']
const PARAMETER = ['name', 'in', 'description', 'required', 'schema', 'example']
const PLACES = ['path', 'query', 'header']
const BODY = ['required', 'content']
const BODIES = ['application/json', 'application/x-www-form-urlencoded']
const CONTENT = ['schema', 'example', 'examples']
const SCHEMA = [
  ...['$ref', 'description', 'examples', 'type', 'format', 'default', 'enum', 'const', 'anyOf'],
  ...['minLength', 'maxLength', 'pattern', 'x-server-check', 'minimum', 'maximum'],
  ...['properties', 'required', 'additionalProperties'],
]
const TYPES = ['string', 'boolean', 'integer', 'object']
// Parameters are text. Only those of a query are read as numbers.
const TYPES_IN: Readonly<Record<string, readonly string[]>> = { query: ['string', 'integer'] }
// Of requests: `tests/contract/formats.test.ts` has accepted and refused texts of each.
const FORMATS = ['uuid', 'date-time', 'ipv4', 'ipv6']

function allow(where: string, values: readonly unknown[], known: readonly string[]): void {
  const unknown = values.find((value) => !known.includes(String(value)))
  if (unknown !== undefined) throw new TypeError(`${where}: ${unknown} would be ignored`)
}

/** @throws TypeError for anything in a request that the generated routes and validators would ignore */
export function assertSupported(document: Members): void {
  for (const [path, item] of Object.entries(document['paths'] as Record<string, Members>)) {
    allow(path, Object.keys(item), METHODS)
    for (const [method, operation] of Object.entries(item as Record<string, Members>)) {
      const where = `${method.toUpperCase()} ${path}`
      allow(where, Object.keys(operation), OPERATION)
      for (const parameter of (operation['parameters'] ?? []) as Members[])
        checkParameter(document, `${where}, parameter ${parameter['name']}`, parameter)
      if (operation['requestBody'] !== undefined)
        checkBody(document, `${where}, body`, operation['requestBody'] as Members)
    }
  }
}

function checkParameter(document: Members, where: string, parameter: Members): void {
  allow(where, Object.keys(parameter), PARAMETER)
  allow(where, [parameter['in']], PLACES)
  const { type } = resolve(document, parameter['schema'])
  allow(where, [type], TYPES_IN[String(parameter['in'])] ?? ['string'])
  checkSchema(document, where, parameter['schema'])
}

function checkBody(document: Members, where: string, body: Members): void {
  allow(where, Object.keys(body), BODY)
  // The generated routes require the body.
  if (body['required'] !== true) throw new TypeError(`${where}: an optional body would be required`)
  const content = body['content'] as Readonly<Record<string, Members>>
  allow(where, Object.keys(content), BODIES)
  if (Object.keys(content).length !== 1)
    throw new TypeError(`${where}: only the first type would be accepted`)
  for (const part of Object.values(content)) {
    allow(where, Object.keys(part), CONTENT)
    checkSchema(document, where, part['schema'])
  }
}

function checkSchema(document: Members, where: string, value: unknown): void {
  const schema = resolve(document, value)
  allow(where, Object.keys(schema), SCHEMA)
  allow(where, [schema['type'] ?? []].flat(), TYPES)
  allow(where, [schema['format'] ?? []].flat(), FORMATS)
  for (const [name, member] of Object.entries((schema['properties'] ?? {}) as Members))
    checkSchema(document, `${where} ${name}`, member)
  for (const one of (schema['anyOf'] ?? []) as unknown[]) checkSchema(document, where, one)
}
