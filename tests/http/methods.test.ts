/** Methods and paths: 405 with `Allow`, HEAD, and 404 for paths that are not in the contract. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request as nodeRequest } from 'node:http'
import { test } from 'node:test'
import { operations } from '../support/check-response.ts'
import { startService } from '../support/service.ts'
import { startWorld } from '../support/world.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND', 'PURGE']

const paths = Map.groupBy(operations, ({ path }) => path)
const real = (template: string) =>
  template.replace('{asset}', 'docs.js').replaceAll(/\{\w+\}/g, () => randomUUID())

for (const [template, onPath] of paths) {
  test(`${template}: every other method is 405, with the methods that there are`, async (t) => {
    const service = await startService(t)
    const has = onPath.map(({ method }) => method)
    const allowed = has.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    for (const method of [...METHODS, ...(has.includes('GET') ? [] : ['HEAD'])]) {
      if (has.includes(method)) continue
      const answer = await service.request(real(template), { method })
      assert.deepEqual([answer.status, answer.headers.get('Allow')], [405, allowed.join(', ')], method)
      const body = { status: 'error', code: 405, message: 'Method not allowed.' }
      if (method !== 'HEAD') assert.deepEqual(answer.body, body)
    }
  })
}

test('TRACE does not echo the request', async (t) => {
  const service = await startService(t)
  // fetch refuses to send this method.
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const options = { method: 'TRACE', headers: { Authorization: 'Bearer echo.me.not' } }
    const sent = nodeRequest(`${service.url}/api/auth/me`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.on('error', reject).end()
  })
  assert.equal(answer.status, 405)
  assert.ok(!answer.text.includes('echo'))
})

test('HEAD: the headers of GET and no body', async (t) => {
  const { service, accessToken } = await startWorld(t)
  for (const path of ['/livez', '/readyz', '/openapi.json', '/docs', '/docs/docs.js', '/api/auth/me']) {
    const get = await service.request(path, { bearer: accessToken })
    const head = await service.request(path, { method: 'HEAD', bearer: accessToken })
    assert.deepEqual([head.status, head.text], [200, ''])
    // The client closes the connection after HEAD.
    const varying = [
      'x-request-id',
      'date',
      'content-length',
      'transfer-encoding',
      'connection',
      'keep-alive',
    ]
    for (const name of new Set([...get.headers.keys(), ...head.headers.keys()])) {
      if (!varying.includes(name))
        assert.equal(head.headers.get(name), get.headers.get(name), `${path} ${name}`)
    }
  }
  const { status, headers } = await service.request('/api/auth/me', { method: 'HEAD' })
  assert.deepEqual([status, headers.get('WWW-Authenticate')], [401, 'Bearer realm="rekindle"'])
  // Not through the fixture, which reads a body for paths that are not in the contract.
  const nowhere = await fetch(`${service.url}/nowhere`, { method: 'HEAD' })
  assert.deepEqual([nowhere.status, await nowhere.text()], [404, ''])
  assert.equal(nowhere.headers.get('Content-Type'), 'application/json')
})

test('what is not in the contract is 404 in the envelope, with any method', async (t) => {
  const service = await startService(t)
  const unknown = [
    '/nowhere',
    '/livez/',
    '/LIVEZ',
    '/api',
    '/api/auth',
    '/api/auth/',
    '/refresh_token/x',
    '//livez',
  ]
  const twice = [
    '/docs/a/b',
    '/docs//',
    '/api/auth/sessions/',
    '/api/auth/sessions/a/b',
    '/.env',
    '/%00',
    '/favicon.ico',
  ]
  for (const path of [...unknown, ...twice]) {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      const { status, body } = await service.request(path, { method })
      assert.equal(status, 404, `${method} ${path}`)
      assert.deepEqual(body, { status: 'error', code: 404, message: 'Not found.' })
    }
  }
})

test('a query string changes nothing', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  // RFC 6750 §2.3 allows tokens in the query and warns against it: they end up in logs and histories.
  const me = await service.request(`/api/auth/me?access_token=${accessToken}&token=${accessToken}`)
  assert.equal(me.body.message, 'Access token missing.')
  const refresh = await service.request(`/refresh_token?refresh_token=${refreshToken}`, { method: 'POST' })
  assert.equal(refresh.body.message, 'Refresh token missing.')
  assert.equal((await service.request('/livez?x=%ff%zz&__proto__[a]=1')).status, 200)
})
