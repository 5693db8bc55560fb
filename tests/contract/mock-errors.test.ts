/** Errors of the mock and of the service, for the same requests: the same, or different as docs/mock.md says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD, startService } from '../support/service.ts'
import { startMock } from './start-mock.ts'

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const JSON_TYPE = { 'Content-Type': 'application/json' }
const TOKEN = { Authorization: 'Bearer any.old.token' }
const login = (body: string, headers: object = JSON_TYPE): Asked => ({
  path: '/api/auth/login',
  method: 'POST',
  headers: { ...headers },
  body,
})

/** The status, the type and the message are the same. */
const SAME: Record<string, Asked> = {
  'no refresh token': { path: '/refresh_token', method: 'POST' },
  'no access token': { path: '/api/auth/me' },
  'another scheme': { path: '/api/auth/me', headers: { Authorization: 'Basic YTpi' } },
  'no admin token': { path: '/admin/users' },
  'text instead of JSON': login('{}', { 'Content-Type': 'text/plain' }),
  'a form': login('username=ada', { 'Content-Type': 'application/x-www-form-urlencoded' }),
  'no body': { ...login(''), headers: JSON_TYPE },
  'an empty object': login('{}'),
  'a member of another type': login('{"username": 1, "password": "correct horse"}'),
  'an array': login('[]'),
  'a wrong query': { path: '/api/auth/sessions?limit=many', headers: TOKEN },
  'a wrong id': { path: '/api/auth/sessions/nonsense', method: 'DELETE', headers: TOKEN },
}

/** The status is the same, but the body is Prism's own. */
const OWN_BODY: Record<string, Asked> = {
  'an unknown path': { path: '/nonsense' },
  'a slash at the end': { path: '/refresh_token/', method: 'POST' },
  'another method': { path: '/refresh_token' },
  'another method of /docs': { path: '/docs', method: 'POST' },
}

/** What the mock answers all the same: it does not look into tokens, names of files, sizes and origins. */
const NOT_NOTICED: Record<string, readonly [Asked, mock: number, service: number]> = {
  'a token that is none': [{ path: '/refresh_token', method: 'POST', headers: TOKEN }, 200, 401],
  'a file that /docs does not have': [{ path: '/docs/nonsense' }, 200, 404],
  'a body that is too large': [login(`{"username": "${'x'.repeat(200_000)}"}`), 400, 413],
  'a login with a cookie from another site': [
    login('{"username": "ada", "password": "correct horse battery staple", "cookie": true}', {
      ...JSON_TYPE,
      'Sec-Fetch-Site': 'cross-site',
      Origin: 'https://other.example',
    }),
    200,
    403,
  ],
}

/** What needs a real token of the service */
const WITH_TOKEN: Record<string, readonly [Asked, mock: number, message: string | undefined]> = {
  'a refresh without a body': [{ path: '/refresh_token', method: 'POST' }, 200, undefined],
  'a logout without a body': [{ path: '/api/auth/logout', method: 'POST' }, 200, undefined],
  'a logout without a body, with its type': [
    { path: '/api/auth/logout', method: 'POST', headers: JSON_TYPE, body: '' },
    200,
    undefined,
  ],
  'a refresh with a body, which is ignored': [
    { path: '/refresh_token', method: 'POST', headers: JSON_TYPE, body: '{}' },
    400,
    'Conflicting refresh tokens.',
  ],
  'a logout with a body, which is ignored': [
    { path: '/api/auth/logout', method: 'POST', headers: JSON_TYPE, body: '{}' },
    415,
    undefined,
  ],
}

/** Operations that set or delete the cookie of cookie mode, with the credential that they need */
const SETS_COOKIE: Record<string, Asked & { readonly kind?: 'accessToken' | 'refreshToken' }> = {
  'a login': login(JSON.stringify({ username: 'ada', password: PASSWORD })),
  'a refresh': { path: '/refresh_token', method: 'POST', kind: 'refreshToken' },
  'a logout': { path: '/api/auth/logout', method: 'POST', kind: 'refreshToken' },
  'a change of the password': {
    ...login(JSON.stringify({ current_password: PASSWORD, new_password: PASSWORD })),
    path: '/api/auth/password',
    kind: 'accessToken',
  },
}

/** Wrong preferences, which only the mock has */
const PREFERENCES: Record<string, readonly [prefer: string, status: number]> = {
  'a code that is not documented': ['code=418', 404],
  'an example that is not documented, of a code': ['code=401, example=nonsense', 500],
  'an example that is not documented, of success': ['code=200, example=nonsense', 500],
  'an example that is not documented': ['example=nonsense', 404],
}

async function ask(base: string, { path, ...init }: Asked) {
  const response = await fetch(base + path, { redirect: 'manual', ...init })
  const type = response.headers.get('Content-Type')
  const text = await response.text()
  const message: unknown = type === 'application/json' ? JSON.parse(text).message : undefined
  return { status: response.status, type, message }
}

test('errors of the mock', { timeout: 180_000 }, async (t) => {
  const [mock, { url: service, register, login: logIn }] = await Promise.all([startMock(t), startService(t)])

  for (const [name, asked] of Object.entries(SAME)) {
    await t.test(`${name}: the same`, async () => {
      const answer = await ask(mock, asked)
      assert.ok(answer.status >= 400)
      assert.deepEqual(answer, await ask(service, asked))
    })
  }

  for (const [name, asked] of Object.entries(OWN_BODY)) {
    await t.test(`${name}: the same status, application/problem+json`, async () => {
      const { status, message } = await ask(service, asked)
      assert.equal(message, status === 404 ? 'Not found.' : 'Method not allowed.')
      const expected = { status, type: 'application/problem+json', message: undefined }
      assert.deepEqual(await ask(mock, asked), expected)
    })
  }

  for (const [name, [asked, atMock, atService]] of Object.entries(NOT_NOTICED)) {
    await t.test(`${name}: ${atService}, and ${atMock} at the mock`, async () => {
      assert.equal((await ask(service, asked)).status, atService)
      assert.equal((await ask(mock, asked)).status, atMock)
    })
  }

  await register()
  for (const [name, [asked, status, message]] of Object.entries(WITH_TOKEN)) {
    await t.test(`${name}: 200, and ${status} at the mock`, async () => {
      const { refreshToken } = await logIn()
      const headers = { ...asked.headers, Authorization: `Bearer ${refreshToken}` }
      assert.equal((await ask(service, { ...asked, headers })).status, 200)
      const answer = await ask(mock, { ...asked, headers })
      assert.deepEqual([answer.status, answer.message], [status, message])
    })
  }

  for (const [name, { kind, ...asked }] of Object.entries(SETS_COOKIE)) {
    await t.test(`${name} in header mode: no cookie, but the mock sets one`, async () => {
      const tokens = await logIn()
      const headers = { ...asked.headers, ...(kind && { Authorization: `Bearer ${tokens[kind]}` }) }
      const cookies = async (base: string) => {
        const response = await fetch(base + asked.path, { ...asked, headers })
        assert.equal(response.status, 200)
        return response.headers.getSetCookie().length
      }
      // The mock first: the service takes a token once.
      assert.deepEqual([await cookies(mock), await cookies(service)], [1, 0])
    })
  }

  await t.test(
    'a login in cookie mode has no refresh token in its body, at the mock if it prefers so',
    async () => {
      const { path, ...init } = login(JSON.stringify({ username: 'ada', password: PASSWORD, cookie: true }))
      const members = async (base: string, headers = {}) => {
        const response = await fetch(base + path, { ...init, headers: { ...init.headers, ...headers } })
        assert.equal(response.status, 200)
        return Object.keys(((await response.json()) as { data: object }).data)
      }
      assert.ok(!(await members(service)).includes('refresh_token'))
      assert.ok((await members(mock)).includes('refresh_token'))
      assert.deepEqual(await members(mock, { Prefer: 'example=cookie' }), await members(service))
    },
  )

  for (const [name, [Prefer, status]] of Object.entries(PREFERENCES)) {
    await t.test(`${name}: ${status}`, async () => {
      const asked = { path: '/refresh_token', method: 'POST', headers: { ...TOKEN, Prefer } }
      assert.equal((await ask(mock, asked)).status, status)
    })
  }

  await t.test('an exchange that succeeds: the mock has the Deprecation of an older draft', async () => {
    const body = JSON.stringify({ token: 'x' })
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(`${mock}/api/auth/refresh`, { method: 'POST', headers, body })
    assert.deepEqual([response.status, response.headers.get('Deprecation')], [200, 'true'])
  })
})
