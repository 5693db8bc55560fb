/** Holds a response against the contract: an undocumented status or member, or a missing header, fails the test. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Header } from './check-headers.ts'
import { checkAllow, checkHeaders } from './check-headers.ts'
import { closed } from './closed.ts'

interface Example {
  readonly 'x-error'?: string
  readonly value: { readonly message?: string }
}
interface Documented {
  readonly headers?: Readonly<Record<string, Header>>
  readonly content?: Readonly<
    Record<string, { readonly schema: object; readonly examples?: Readonly<Record<string, Example>> }>
  >
  readonly $ref?: string
}
export interface Operation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, Documented>>
}
interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly webhooks: Readonly<Record<'securityEvent', object>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly responses: Readonly<Record<string, Documented>>
    readonly headers: Readonly<Record<string, Header>>
  }
}

export const contract: Contract = JSON.parse(
  readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8'),
)

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(closed(contract), 'contract')

// References inside the document resolve against the document.
const absolute = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll('"#/', '"contract#/'))

/** Every (method, path template, operation) of the contract. */
export const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)

/** What matches the paths of a template */
export const pathOf = (template: string) =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)

/** @returns the status's response as documented, references resolved */
export function documented(operation: Operation, status: number | string): Documented | undefined {
  const response = operation.responses[status]
  const name = response?.$ref?.split('/').at(-1)
  return name === undefined ? response : contract.components.responses[name]
}

/** The headers of a response by name, references resolved */
export const headersOf = ({ headers = {} }: Documented): Readonly<Record<string, Header>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, { $ref, ...header }]) => {
      const target =
        $ref === undefined ? undefined : contract.components.headers[$ref.split('/').at(-1) ?? '']
      return [name, { ...target, ...header } as Header]
    }),
  )

/** Judges values by a schema of the contract. */
export const validator = (schema: object): ValidateFunction => ajv.compile(absolute(closed(schema)) as object)

const validators = new Map<object, ValidateFunction>()

/** Compiling takes longer than judging. */
function compiled(schema: object): ValidateFunction {
  const validate = validators.get(schema) ?? validator(schema)
  validators.set(schema, validate)
  return validate
}

/** The examples list every message of an error, and the word that it has in `Rekindle-Error`. */
function checkError(name: string, { content }: Documented, response: Response, text: string): void {
  const word = response.headers.get('Rekindle-Error')
  const known = Object.values(content?.['application/json']?.examples ?? {})
  const words = known.map((example) => example['x-error'])
  assert.ok(words.includes(word ?? ''), `${name}: ${word} is not a documented word`)
  if (text === '') return
  const { code, message } = JSON.parse(text)
  assert.equal(code, response.status, name)
  const said = known.filter((example) => example.value.message === message)
  assert.ok(said.length > 0, `${name}: ${message} is not documented`)
  assert.equal(word, said[0]?.['x-error'], `${name}: ${message}`)
}

// What the contract says of requests that never come to an operation.
const EARLY: Readonly<Record<number, readonly [message: string, word: string]>> = {
  400: ['Bad Request.', 'bad_request'],
  408: ['Request Timeout.', 'request_timeout'],
  417: ['Expectation Failed.', 'expectation_failed'],
  431: ['Request Header Fields Too Large.', 'headers_too_large'],
}

const isEarly = ({ status }: Response, text: string) =>
  text === JSON.stringify({ status: 'error', code: status, message: EARLY[status]?.[0] })

// What no operation of the contract answers: unknown paths, and the ways to the page.
function checkOutside(method: string, path: string, response: Response, text: string): void {
  if (/^\/(docs\/)?$/.test(path) && /^(GET|HEAD)$/.test(method)) {
    assert.deepEqual([response.status, text], [302, ''])
    return
  }
  assert.equal(response.status, 404)
  assert.equal(response.headers.get('Rekindle-Error'), 'not_found')
  if (method === 'HEAD') return
  assert.deepEqual(JSON.parse(text), { status: 'error', code: 404, message: 'Not found.' })
}

/** A response that was as documented */
export interface Observed {
  readonly operationId: string
  readonly status: number
  readonly headers: Headers
  /** If it is JSON */
  readonly body?: unknown
}

/** Called with every response that was as documented */
export const observers = new Set<(observed: Observed) => void>()

function observe({ operationId }: Operation, { status, headers }: Response, body?: unknown): void {
  for (const observer of observers) observer({ operationId, status, headers, body })
}

/** @throws AssertionError */
export function checkResponse(method: string, url: string, response: Response, text: string): void {
  const path = url.split('?')[0] ?? url
  const onPath = operations.filter((operation) => pathOf(operation.path).test(path))
  const wanted = method === 'HEAD' ? 'GET' : method
  const operation = onPath.find((candidate) => candidate.method === wanted) ?? onPath[0]
  assert.match(response.headers.get('X-Request-Id') ?? '', /^[A-Za-z0-9._-]{1,64}$/)
  if (isEarly(response, text)) {
    assert.equal(response.headers.get('Content-Type'), 'application/json')
    assert.equal(response.headers.get('Rekindle-Error'), EARLY[response.status]?.[1])
    return
  }
  if (operation === undefined) {
    checkOutside(method, path, response, text)
    return
  }
  const name = `${operation.operation.operationId} ${response.status}`
  const expected = documented(operation.operation, response.status)
  assert.ok(expected !== undefined, `${name} is not documented: ${text}`)
  // Another method is answered by the path, not by an operation.
  if (operation.method !== wanted) assert.equal(response.status, 405, name)

  checkHeaders(name, headersOf(expected), response.headers, compiled)
  if (response.status === 405)
    checkAllow(
      name,
      onPath.map((candidate) => candidate.method),
      response.headers,
    )
  if (response.status >= 400) checkError(name, expected, response, method === 'HEAD' ? '' : text)
  if (method === 'HEAD') return
  if (expected.content === undefined) {
    assert.deepEqual([text, response.headers.get('Content-Type')], ['', null], name)
    observe(operation.operation, response)
    return
  }
  const type = response.headers.get('Content-Type')?.split(';')[0] ?? ''
  const schema = expected.content[type]?.schema
  assert.ok(schema !== undefined, `${name}: ${type} is not documented`)
  const body = type === 'application/json' ? JSON.parse(text) : undefined
  const validate = compiled(schema)
  assert.ok(body === undefined || validate(body), `${name}: ${ajv.errorsText(validate.errors)} in ${text}`)
  observe(operation.operation, response, body)
}

/**
 * A `fetch` whose answers are checked as everywhere, for those who talk to a service themselves. Many of them take an
 * error for a lost answer, so that a violation fails the process as well.
 */
export function checking(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const { method = init?.method ?? 'GET', url = String(input) } = input as Partial<Request>
    const response = await send(input, init)
    const text = await response.clone().text()
    try {
      checkResponse(method, new URL(url).pathname, response, text)
    } catch (error) {
      console.error(error)
      process.exitCode = 1
      throw error
    }
    return response
  }
}

// Whatever `fetch` is by then: see through-prism.ts.
export const checkedFetch: typeof fetch = (input, init) => checking(fetch)(input, init)
