/** The judge of all responses: it refuses everything that is not in the contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkResponse, contract, documented, operations } from '../support/check-response.ts'
import { PASSWORD, startService } from '../support/service.ts'

interface Members extends Readonly<Record<string, unknown>> {}

const resolved = (schema: Members): Members =>
  typeof schema['$ref'] === 'string'
    ? (contract.components.schemas[schema['$ref'].split('/').at(-1) ?? ''] as Members)
    : schema

/** The objects with listed members in a schema, as `path: additionalProperties` */
function objects(schema: Members, path: string): string[] {
  const { properties, items, anyOf, additionalProperties } = resolved(schema)
  const members = Object.entries((properties ?? {}) as Record<string, Members>)
  return [
    ...(properties === undefined ? [] : [`${path}: ${additionalProperties}`]),
    ...members.flatMap(([name, member]) => objects(member, `${path}.${name}`)),
    ...(items === undefined ? [] : objects(items as Members, `${path}[]`)),
    ...((anyOf ?? []) as Members[]).flatMap((one) => objects(one, path)),
  ]
}

const schemaOf = (part: unknown) =>
  (part as { content?: { 'application/json'?: { schema: Members } } })?.content?.['application/json']
    ?.schema ?? {}

test('what clients send is closed: a misspelt member is refused', () => {
  const sent = operations.flatMap(({ operation }) =>
    objects(schemaOf((operation as { requestBody?: unknown }).requestBody), operation.operationId),
  )
  assert.ok(sent.length >= 6)
  assert.deepEqual(
    sent.filter((one) => !one.endsWith(': false')),
    [],
  )
})

test('what clients receive is open: a client of today accepts a member of tomorrow', () => {
  const received = operations.flatMap(({ operation }) =>
    Object.keys(operation.responses).flatMap((status) =>
      objects(schemaOf(documented(operation, status)), `${operation.operationId} ${status}`),
    ),
  )
  assert.ok(received.length > operations.length)
  // Open also for our own tests: the claims of an application, and the contract
  assert.deepEqual(
    received.filter((one) => !one.endsWith(': undefined')),
    ['introspect 200: true', 'openapi 200: true'],
  )
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
  assert.throws(
    () => check(headers({ 'cache-control': 'public' })),
    /Cache-Control must be equal to constant/,
  )
  const { 'cache-control': _, ...rest } = Object.fromEntries(real.headers)
  assert.throws(() => check({ headers: rest }), /lacks Cache-Control/)
})

test('the refresh cookie has the attributes that the contract describes', async (t) => {
  const service = await startService(t)
  await service.register()
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const real = await service.request('/api/auth/login', { json })
  const check = (change: (line: string) => string) => {
    const headers = new Headers(real.headers)
    const [line = ''] = real.headers.getSetCookie()
    headers.set('Set-Cookie', change(line))
    checkResponse('POST', '/api/auth/login', { status: 200, headers }, real.text)
  }
  check((line) => line)
  assert.throws(() => check((line) => line.replace('; HttpOnly', '')), /not HttpOnly/)
  assert.throws(() => check((line) => line.replace('; Path=/', '; Path=/api')), /Path=/)
  assert.throws(() => check((line) => line.replace('; SameSite=Strict', '')), /SameSite/)
  assert.throws(() => check((line) => `${line}; Domain=example.com`), /Domain/)
  assert.throws(() => check((line) => `__Host-${line}`), /not Secure/)
})

test('a request that comes to no operation has headers as well', () => {
  const text = JSON.stringify({ status: 'error', code: 431, message: 'Request Header Fields Too Large.' })
  const headers = {
    ...{ 'Content-Type': 'application/json', 'Rekindle-Error': 'headers_too_large', 'X-Request-Id': 'x' },
  }
  checkResponse('GET', '/livez', new Response(text, { status: 431, headers }), text)
  for (const name of Object.keys(headers)) {
    const others = new Headers(headers)
    others.set(name, '')
    const response = new Response(text, { status: 431, headers: others })
    assert.throws(() => checkResponse('GET', '/livez', response, text), name)
  }
})
