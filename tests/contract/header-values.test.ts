/** The judge of all responses reads the values of headers: each lie below passes for a header that is only there. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { checkResponse } from '../support/check-response.ts'
import type { Request } from '../support/service.ts'
import { LIMITS, PASSWORD, startService } from '../support/service.ts'

/** Real answers, each with the request that got it */
async function collect(t: TestContext) {
  const service = await startService(t, { limits: LIMITS })
  await service.register()
  const ask = async (path: string, options: Request) => {
    const { status, headers, text } = await service.request(path, options)
    return { method: options.method ?? 'POST', path, status, headers, text }
  }
  const { accessToken, refreshToken } = await service.login()
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const login = await ask('/api/auth/login', { json })
  const cookie = login.headers.get('Set-Cookie')?.split(';')[0]
  const logout = await ask('/api/auth/logout', { method: 'POST', cookie })
  const refused = await ask('/refresh_token', { method: 'POST', bearer: 'x' })
  const patched = await ask('/api/auth/sessions', { method: 'PATCH' })
  const docs = await ask('/docs', { method: 'GET' })
  const exchanged = await ask('/api/auth/refresh', { json: { token: accessToken } })
  const wrong = { json: { ...json, password: 'wrong' } }
  let limited = await ask('/api/auth/login', wrong)
  for (let tries = 0; limited.status !== 429 && tries < 20; tries++)
    limited = await ask('/api/auth/login', wrong)
  await service.core.store.close()
  const unavailable = await ask('/refresh_token', { method: 'POST', bearer: refreshToken })
  return { login, logout, refused, patched, docs, exchanged, limited, unavailable }
}

type Answers = Awaited<ReturnType<typeof collect>>

/** Each of the values in the place of the true one */
const LIES: readonly (readonly [
  answer: keyof Answers,
  header: string,
  status: number,
  lies: (truth: string) => string[],
])[] = [
  ['login', 'Cache-Control', 200, () => ['public', 'no-store, max-age=60', 'No-Store', '']],
  [
    'login',
    'Set-Cookie',
    200,
    (truth) => [
      truth.replace('; HttpOnly', ''),
      truth.replace('; SameSite=Strict', ''),
      truth.replace('Path=/', 'Path=/api'),
      truth.replace(/Max-Age=\d+/, 'Max-Age=0'),
      truth.replace(/=[^;]+/, '='),
      `${truth}; Domain=example.com`,
    ],
  ],
  [
    'logout',
    'Set-Cookie',
    200,
    (truth) => [truth.replace('Max-Age=0', 'Max-Age=1'), `${truth}; Domain=example.com`],
  ],
  [
    'refused',
    'WWW-Authenticate',
    401,
    (truth) => ['Basic realm="rekindle"', 'Bearer realm="x"', `${truth}, a`],
  ],
  ['refused', 'Rekindle-Error', 401, () => ['access_token_invalid', 'odd', '']],
  ['patched', 'Allow', 405, () => ['GET', 'GET, HEAD, POST', 'PATCH', '']],
  ['docs', 'Content-Security-Policy', 200, (truth) => ["default-src 'self'", `${truth}; img-src *`]],
  ['exchanged', 'Deprecation', 200, () => ['?1', '@0', 'true']],
  ['limited', 'Retry-After', 429, () => ['0', '-1', '1.5', 'Mon, 30 Nov 2026 00:00:00 GMT']],
  ['limited', 'RateLimit', 429, (truth) => [truth.replace('r=0', 'r=1'), '0', truth.replace(/t=\d+/, 't=0')]],
  ['limited', 'RateLimit-Policy', 429, (truth) => [truth.replace(/;w=\d+/, ''), '100;w=60']],
  ['unavailable', 'Retry-After', 503, () => ['0', 'soon']],
]

test('a header with another value than documented does not pass', async (t) => {
  const answers = await collect(t)
  for (const [name, header, status, lies] of LIES) {
    const { method, path, text, ...answer } = answers[name]
    assert.equal(answer.status, status, name)
    const check = (headers: Headers) =>
      checkResponse(method, path, new Response(text, { status, headers }), text)
    check(answer.headers)
    const truth = answer.headers.get(header) ?? ''
    for (const lie of lies(truth)) {
      assert.notEqual(lie, truth)
      const headers = new Headers(answer.headers)
      headers.set(header, lie)
      assert.throws(() => check(headers), new RegExp(`${header}|not a documented word`), `${header}: ${lie}`)
    }
  }
})
