/** The request's line in the log answers "why was this refused?" and "what was asked for?", and contains no token. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plainPath } from '../../src/http/pipeline/secrets-in-text.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, DAY, LIMITS, MINUTE, SECRET, startService } from '../support/service.ts'

const lastLine = (service: Service) =>
  service
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .findLast(({ msg }) => msg === 'request')

const refusalOf = (service: Service) => {
  const { refusal, reason, error, status } = lastLine(service)
  return [status, refusal, reason, error]
}

test('a refused request has the name of the refusal in its line', async (t) => {
  const service = await startService(t)
  const { id } = await service.register()
  const post = (path: string, bearer?: string) => service.request(path, { method: 'POST', bearer })
  await post('/refresh_token')
  assert.deepEqual(refusalOf(service), [401, 'token.refused', 'missing', 'Refresh token missing.'])
  const [one, two] = [await service.login(), await service.login()]
  await service.request('/refresh_token', {
    method: 'POST',
    bearer: one.refreshToken,
    cookie: `refresh_token=${two.refreshToken}`,
  })
  assert.deepEqual(refusalOf(service), [400, 'token.refused', 'conflicting', 'Conflicting refresh tokens.'])
  await service.request('/api/auth/me')
  assert.deepEqual(refusalOf(service), [401, 'token.refused', 'missing', 'Access token missing.'])
  await service.refresh('nonsense')
  assert.deepEqual(refusalOf(service), [401, 'token.refused', 'invalid', 'Invalid refresh token.'])
  await service.tryLogin('not the password')
  assert.deepEqual(refusalOf(service), [401, 'login.failed', 'invalid', 'Invalid credentials.'])
  assert.equal(lastLine(service).user_id, id)
  await service.refresh(one.refreshToken)
  const rotated = lastLine(service)
  assert.deepEqual([rotated.event, rotated.refusal, rotated.error], ['token.rotated', undefined, undefined])
  service.clock.now += 73 * 60 * MINUTE
  await service.refresh(one.refreshToken)
  const reused = [401, 'token.reuse_detected', undefined, 'Invalid refresh token.']
  assert.deepEqual(refusalOf(service), reused)
  await service.refresh(one.refreshToken)
  assert.deepEqual(refusalOf(service), [401, 'token.refused', 'revoked', 'Invalid refresh token.'])
  service.clock.now += 31 * DAY
  await service.refresh(two.refreshToken)
  assert.deepEqual(refusalOf(service), [401, 'token.refused', 'expired', 'Refresh token has expired.'])
  await service.request('/api/auth/register', { json: { username: 'ADA', password: 'good enough for us' } })
  assert.deepEqual(refusalOf(service), [409, undefined, undefined, 'Username is taken.'])
})

test('a limit is named in every line, not only in the first', async (t) => {
  const service = await startService(t, {
    limits: { ...LIMITS, failuresAddress: { points: 1, seconds: 60 } },
  })
  for (let count = 0; count < 4; count++) await service.refresh('nonsense')
  assert.deepEqual(refusalOf(service), [429, 'limit.reached', 'failures', 'Too many requests.'])
})

test('a request that matches nothing has its path in its line, other requests their route alone', async (t) => {
  const service = await startService(t)
  await service.request('/auth/refreshToken?token=1', { method: 'POST' })
  const { status, path } = lastLine(service)
  assert.deepEqual([status, path], [404, '/auth/refreshToken'])
  await service.request('/docs/swagger.json')
  assert.deepEqual([lastLine(service).status, lastLine(service).path], [404, '/docs/swagger.json'])
  await service.request('/refresh_token', { method: 'PATCH' })
  assert.deepEqual([lastLine(service).status, lastLine(service).path], [405, '/refresh_token'])
  await service.request('/refresh_token', { method: 'POST' })
  assert.deepEqual([lastLine(service).route, lastLine(service).path], ['/refresh_token', undefined])
})

describe('paths as they are logged', () => {
  const holdsSecret = (text: string) => text.includes(ADMIN_TOKEN) || text.includes(SECRET.toString())
  const shown: readonly (readonly [path: string, expected: string])[] = [
    ['/', '/'],
    ['/api/v1/auth/refresh_token', '/api/v1/auth/refresh_token'],
    ['/auth//Refresh-Token/', '/auth//Refresh-Token/'],
    ['/.well-known/openid-configuration', '/.well-known/openid-configuration'],
    ['/wp-login.php', '/wp-login.php'],
    ['/API/oauth2/refreshToken', '/API/oauth2/refreshToken'],
    ['/reset/pw-second-55d2b7', '/reset/[…]'],
    ['/users/5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21/me', '/users/[…]/me'],
    ['/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '/verify/[…]'],
    ['/verify/eyJhbGciOiJI', '/verify/[…]'],
    ['/x/%65%79%4a%68%62', '/x/[…]'],
    ['/x/4f9a1c', '/x/[…]'],
    ['/x/AbCdEfGhIjKlMnOp', '/x/[…]'],
    ['/x/abc\u0007def', '/x/[…]'],
    [`/${'a'.repeat(25)}`, '/[…]'],
    [`/x${'/y'.repeat(20)}`, `/x${'/y'.repeat(7)}/…`],
    [`/${'x/'.repeat(300)}`, '[long path]'],
    [`/${ADMIN_TOKEN}`, '[secret]'],
  ]
  for (const [path, expected] of shown)
    test(path.slice(0, 40), () => assert.equal(plainPath(path, holdsSecret), expected))

  test('random tokens of any alphabet leave nothing behind', () => {
    for (let round = 0; round < 2000; round++) {
      const bytes = crypto.getRandomValues(new Uint8Array(32))
      for (const encoding of ['hex', 'base64url', 'base64'] as const) {
        const token = Buffer.from(bytes).toString(encoding)
        const kept = plainPath(`/reset/${token}`, holdsSecret)
        // Slashes of base64 make short parts, of which some look like words.
        assert.ok(encoding === 'base64' ? !kept.includes(token) : kept === '/reset/[…]', kept)
      }
    }
  })
})
