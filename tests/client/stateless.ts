/**
 * What a frontend may expect of each operation, without knowing what happened before. The same expectations hold for the
 * contract's mock and for the service, so a frontend that was built against the mock works with the service.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { createClient } from '../../src/client/index.ts'

type Client = ReturnType<typeof createClient>

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/
const PASSWORD = 'correct horse battery staple'

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

/** A header for requests that break the contract on purpose. Proxies that judge requests skip these. */
export const ON_PURPOSE = { name: 'X-On-Purpose', value: 'yes' }
const onPurpose = { [ON_PURPOSE.name]: ON_PURPOSE.value }

/** Creates a new user and logs in. */
async function logIn(client: Client) {
  const body = { username: `user-${randomUUID()}`, password: PASSWORD }
  const registered = await client.POST('/api/auth/register', { body })
  assert.equal(registered.response.status, 201)
  const { data, response } = await client.POST('/api/auth/login', { body })
  assert.equal(response.status, 200)
  const { access_token = '', refresh_token = '' } = data?.data ?? {}
  assert.match(access_token, JWT)
  assert.match(refresh_token, JWT)
  return { access: bearer(access_token), refresh: bearer(refresh_token), token: access_token }
}

/** @returns the message of a response that must be an error */
function refused(
  answer: { response: Response; error?: { message: string } },
  status: number,
): string | undefined {
  assert.equal(answer.response.status, status)
  return answer.error?.message
}

export const expectations: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  async 'a refresh gives an access token and the next refresh token'(client) {
    const { refresh } = await logIn(client)
    const { data } = await client.POST('/refresh_token', refresh)
    assert.deepEqual([data?.status, data?.code], ['success', 200])
    assert.equal(data?.data.message, 'Access token refreshed successfully')
    assert.match(data?.data.access_token ?? '', JWT)
    assert.match(data?.data.refresh_token ?? '', JWT)
    assert.equal(data?.data.token_type, 'bearer')
    assert.ok(Number(data?.data.expires_in) > 0)
  },

  async 'a refresh without a token is told that it is missing'(client) {
    const answer = await client.POST('/refresh_token')
    assert.equal(refused(answer, 401), 'Refresh token missing.')
    assert.match(answer.response.headers.get('WWW-Authenticate') ?? '', /^Bearer /)
  },

  async 'an exchange gives an access token, in no envelope'(client) {
    const { token } = await logIn(client)
    const { data } = await client.POST('/api/auth/refresh', { body: { token } })
    assert.match(data?.access_token ?? '', JWT)
    assert.deepEqual(Object.keys(data ?? {}).sort(), ['access_token', 'expires_in', 'token_type'])
  },

  async 'an exchange of nothing is an invalid request'(client) {
    // @ts-expect-error: the contract requires a token
    const answer = await client.POST('/api/auth/refresh', { body: {}, headers: onPurpose })
    assert.equal(refused(answer, 400), 'Invalid request.')
    assert.ok(Array.isArray((answer.error as { errors?: unknown }).errors))
  },

  async 'a registration gives the user, without the password'(client) {
    const body = { username: `user-${randomUUID()}`, password: PASSWORD }
    const { data } = await client.POST('/api/auth/register', { body })
    assert.deepEqual(
      Object.entries(data?.data ?? {})
        .map(([name, value]) => `${name}: ${typeof value}`)
        .sort(),
      ['created_at: string', 'id: string', 'username: string'],
    )
  },

  async 'a login without a password is an invalid request'(client) {
    // @ts-expect-error: the contract requires a password
    const answer = await client.POST('/api/auth/login', { body: { username: 'ada' }, headers: onPurpose })
    assert.equal(refused(answer, 400), 'Invalid request.')
  },

  async 'who is logged in is told so, and where else'(client) {
    const { access } = await logIn(client)
    const me = await client.GET('/api/auth/me', access)
    assert.equal(typeof me.data?.data.id, 'string')
    assert.equal(typeof me.data?.data.username, 'string')
    const { data } = await client.GET('/api/auth/sessions', access)
    assert.ok((data?.data.sessions.length ?? 0) > 0)
    assert.ok(data?.data.sessions.some(({ current }) => current))
  },

  async 'a session is ended by its id'(client) {
    const { access } = await logIn(client)
    const { data } = await client.GET('/api/auth/sessions', access)
    const id = data?.data.sessions[0]?.id ?? ''
    const ended = await client.DELETE('/api/auth/sessions/{id}', { params: { path: { id } }, ...access })
    assert.equal(ended.response.status, 200)
  },

  async 'an id that is none is an invalid request'(client) {
    const { access } = await logIn(client)
    const path = { id: 'none' }
    const answer = await client.DELETE('/api/auth/sessions/{id}', {
      params: { path },
      headers: { ...access.headers, ...onPurpose },
    })
    assert.equal(refused(answer, 400), 'Invalid request.')
  },

  async 'a password is changed'(client) {
    const { access } = await logIn(client)
    const body = { current_password: PASSWORD, new_password: `${PASSWORD}, again` }
    const { data } = await client.POST('/api/auth/password', { body, ...access })
    assert.equal(typeof data?.data.sessions_ended, 'number')
    assert.equal(typeof data?.data.access_token, 'string')
  },

  async 'a logout, here or everywhere, is a success'(client) {
    const one = await logIn(client)
    assert.equal((await client.POST('/api/auth/logout', one.refresh)).response.status, 200)
    const all = await logIn(client)
    const { data } = await client.POST('/api/auth/logout_all', all.access)
    assert.equal(typeof data?.data.sessions_ended, 'number')
  },

  async 'who brings no token is told which is missing'(client) {
    const body = { current_password: PASSWORD, new_password: `${PASSWORD}, again` }
    const path = { id: randomUUID() }
    assert.equal(refused(await client.GET('/api/auth/me'), 401), 'Access token missing.')
    assert.equal(refused(await client.GET('/api/auth/sessions'), 401), 'Access token missing.')
    assert.equal(refused(await client.POST('/api/auth/logout_all'), 401), 'Access token missing.')
    assert.equal(refused(await client.POST('/api/auth/password', { body }), 401), 'Access token missing.')
    const ending = await client.DELETE('/api/auth/sessions/{id}', { params: { path } })
    assert.equal(refused(ending, 401), 'Access token missing.')
    assert.equal(refused(await client.POST('/api/auth/logout'), 401), 'Token missing.')
  },

  async 'health, the contract and its pages are there'(client) {
    for (const path of ['/livez', '/readyz'] as const) {
      assert.equal((await client.GET(path)).data?.status, 'success')
    }
    assert.equal((await client.GET('/openapi.json')).data?.['openapi'], '3.1.1')
    const docs = await client.GET('/docs', { parseAs: 'text' })
    assert.match(docs.data ?? '', /^<!doctype html>/)
  },
}
