/** CORS: only for the origins of `CORS_ORIGINS`, with credentials. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'

const APP = 'https://app.example'
const OTHER = 'https://admin.example:8443'
const FOREIGN = [
  'https://evil.example',
  'http://app.example',
  'https://app.example:444',
  'https://app.example.evil.example',
  'https://sub.app.example',
  'https://APP.example',
  'https://app.example/',
  'null',
  '*',
]

// Not through the fixture: a preflight is not an operation of the contract.
const preflight = (service: Service, origin: string, method = 'POST') =>
  fetch(`${service.url}/refresh_token`, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'authorization',
    },
  })

const list = (headers: Headers, name: string) => (headers.get(name) ?? '').split(/, */).sort()

const crossOriginHeaders = (headers: Headers) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'))

test('a listed origin: named itself, with credentials, on successes and on failures', async (t) => {
  const service = await startService(t, { corsOrigins: [APP, OTHER] })
  await service.register()
  const json = { username: 'ada', password: PASSWORD }
  for (const origin of [APP, OTHER]) {
    const headers = { Origin: origin }
    for (const [status, path, request] of [
      [200, '/api/auth/login', { json }],
      [400, '/api/auth/login', { json: {} }],
      [401, '/api/auth/me', {}],
      [404, '/nowhere', {}],
      [405, '/refresh_token', {}],
      [413, '/refresh_token', { method: 'POST', body: 'x'.repeat(17_000) }],
      [415, '/api/auth/login', { body: '{}' }],
    ] as const) {
      const answer = await service.request(path, { ...request, headers })
      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('Access-Control-Allow-Origin'), origin)
      assert.equal(answer.headers.get('Access-Control-Allow-Credentials'), 'true')
      // A cache must not return the response of one origin to another.
      assert.ok(list(answer.headers, 'Vary').includes('Origin'))
      assert.ok(list(answer.headers, 'Access-Control-Expose-Headers').includes('X-Request-Id'))
    }
  }
})

test('a preflight of a listed origin', async (t) => {
  const service = await startService(t, { corsOrigins: [APP] })
  const { status, headers } = await preflight(service, APP)
  assert.equal(status, 204)
  assert.equal(headers.get('Access-Control-Allow-Origin'), APP)
  assert.equal(headers.get('Access-Control-Allow-Credentials'), 'true')
  assert.deepEqual(list(headers, 'Access-Control-Allow-Methods'), ['DELETE', 'GET', 'POST'])
  assert.deepEqual(list(headers, 'Access-Control-Allow-Headers'), [
    'Authorization',
    'Content-Type',
    'DPoP',
    'X-Request-Id',
    'sentry-trace',
    'traceparent',
  ])
  assert.match(headers.get('X-Request-Id') ?? '', /^[\w.-]{1,64}$/)
})

test('every other origin, and none, is answered as if there were no CORS', async (t) => {
  const service = await startService(t, { corsOrigins: [APP, OTHER] })
  for (const origin of FOREIGN) {
    const asked = await preflight(service, origin)
    assert.deepEqual([asked.status, crossOriginHeaders(asked.headers)], [405, []], origin)
    const answer = await service.request('/livez', { headers: { Origin: origin } })
    assert.deepEqual([answer.status, crossOriginHeaders(answer.headers)], [200, []], origin)
    assert.ok(list(answer.headers, 'Vary').includes('Origin'))
  }
  // A method that does not exist gets no preflight response.
  assert.equal((await service.request('/livez', { method: 'OPTIONS' })).status, 405)
  assert.deepEqual(crossOriginHeaders((await service.request('/livez')).headers), [])
})

test('never a permission for another origin, and never a wildcard', async (t) => {
  const service = await startService(t, { corsOrigins: [APP, OTHER] })
  for (const origin of FOREIGN) {
    const asked = await preflight(service, origin)
    assert.equal(asked.headers.get('Access-Control-Allow-Origin'), null, origin)
    const answer = await service.request('/livez', { headers: { Origin: origin } })
    assert.equal(answer.headers.get('Access-Control-Allow-Origin'), null, origin)
  }
})

test('no origins: no header of CORS at all, and a preflight is a method that is not there', async (t) => {
  const service = await startService(t)
  for (const origin of [APP, ...FOREIGN]) {
    const asked = await preflight(service, origin)
    assert.deepEqual([asked.status, crossOriginHeaders(asked.headers)], [405, []])
    const answer = await service.request('/livez', { headers: { Origin: origin } })
    assert.deepEqual(crossOriginHeaders(answer.headers), [])
  }
})
