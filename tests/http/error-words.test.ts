/** What programs read in errors: the words of `Rekindle-Error`, and the reasons of `errors`, which are not zod's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorWords } from '../../generated/errors.ts'
import { ADMIN_TOKEN, PASSWORD, startService } from '../support/service.ts'

test('a word is of one message only, and looks like one', () => {
  const words = Object.values(errorWords)
  assert.equal(new Set(words).size, words.length)
  for (const word of words) assert.match(word, /^[a-z]+(_[a-z]+)*$/)
})

test('the two documented endpoints: members and texts are as documented, and the word is beside them', async (t) => {
  const service = await startService(t)
  const ask = async (path: string, options: object) => {
    const { status, headers, text } = await service.request(path, { method: 'POST', ...options })
    return [status, text, headers.get('Rekindle-Error')]
  }
  const said = (code: number, message: string) => JSON.stringify({ status: 'error', code, message })
  assert.deepEqual(await ask('/refresh_token', {}), [
    401,
    said(401, 'Refresh token missing.'),
    'refresh_token_missing',
  ])
  assert.deepEqual(await ask('/refresh_token', { bearer: 'x' }), [
    401,
    said(401, 'Invalid refresh token.'),
    'refresh_token_invalid',
  ])
  assert.deepEqual(await ask('/api/auth/refresh', { json: { token: 'x' } }), [
    401,
    said(401, 'Invalid access token.'),
    'access_token_invalid',
  ])
  const success = await service.request('/livez')
  assert.equal(success.headers.get('Rekindle-Error'), null)
})

test('answers without an operation or a body have the word, too', async (t) => {
  const { request } = await startService(t)
  for (const [path, method, word] of [
    ['/unknown', 'GET', 'not_found'],
    ['/unknown', 'HEAD', 'not_found'],
    ['/livez', 'DELETE', 'method_not_allowed'],
    ['/api/auth/me', 'HEAD', 'access_token_missing'],
  ] as const)
    assert.equal((await request(path, { method })).headers.get('Rekindle-Error'), word, `${method} ${path}`)
})

const ADA = { username: 'ada', password: PASSWORD }
const ID = '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21'

/** By request: path, reason and words of each member */
const INVALID: readonly (readonly [path: string, json: unknown, errors: readonly (readonly string[])[]])[] = [
  ['/api/auth/register', { username: 'ada' }, [['password', 'missing', 'Is missing']]],
  [
    '/api/auth/register',
    { ...ADA, username: null },
    [['username', 'wrong_type', 'Expected the type string']],
  ],
  ['/api/auth/register', [], [['', 'wrong_type', 'Expected the type object']]],
  [
    '/api/auth/register',
    { ...ADA, is_admin: 1, x: 2 },
    [
      ['is_admin', 'unknown', 'Is not in the contract'],
      ['x', 'unknown', 'Is not in the contract'],
    ],
  ],
  [
    '/api/auth/register',
    { ...ADA, username: 'x'.repeat(129) },
    [['username', 'too_long', 'Expected at most 128 characters']],
  ],
  [
    '/api/auth/register',
    { ...ADA, password: 'short' },
    [['password', 'too_short', 'Expected at least 8 characters']],
  ],
  [
    '/api/auth/register',
    { ...ADA, username: 'a\u3164' },
    [['username', 'malformed', 'Expected no white space and no control, format or replacement characters']],
  ],
  [
    '/api/auth/register',
    { ...ADA, password: `${PASSWORD}\ud800` },
    [['password', 'malformed', 'Expected no lone surrogates']],
  ],
  ['/api/auth/refresh', { token: '' }, [['token', 'too_short', 'Expected at least 1 character']]],
  ['/api/auth/login', { ...ADA, cookie: 'yes' }, [['cookie', 'wrong_type', 'Expected the type boolean']]],
  [
    `/admin/users/${ID}/sessions`,
    { address: 'here' },
    [['address', 'malformed', 'Expected one of the documented forms']],
  ],
  [`/admin/users/${'7'.repeat(129)}/sessions`, {}, [['id', 'too_long', 'Expected at most 128 characters']]],
  ['/admin/users?limit=0', undefined, [['limit', 'too_small', 'Expected at least 1']]],
  ['/admin/users?limit=1e3', undefined, [['limit', 'malformed', 'Expected a whole number']]],
  ['/admin/users?cursor=x', undefined, [['cursor', 'malformed', 'Expected a cursor of this list']]],
  ['/admin/users?limt=1', undefined, [['limt', 'unknown', 'Is not in the contract']]],
  [
    '/admin/events?since=yesterday',
    undefined,
    [['since', 'malformed', 'Expected a date and time with an offset, as in RFC 3339']],
  ],
]

test('each member that does not fit has a reason of ours', async (t) => {
  const service = await startService(t)
  for (const [path, json, expected] of INVALID) {
    const request = { bearer: ADMIN_TOKEN, ...(json === undefined ? {} : { method: 'POST', json }) }
    const { status, body, headers } = await service.request(path, request)
    const errors = body.errors?.map(({ path: of, reason, message }: Record<string, string>) => [
      of,
      reason,
      message,
    ])
    assert.deepEqual(
      [status, headers.get('Rekindle-Error'), errors],
      [400, 'invalid_request', expected],
      path,
    )
  }
})

test('a body of thousands of unknown members gets a hundred reasons', async (t) => {
  const service = await startService(t)
  const json = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`x${index}`, 0]))
  const { status, body } = await service.request('/api/auth/login', { json })
  assert.deepEqual([status, body.errors.length], [400, 100])
})
