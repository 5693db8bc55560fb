/** `Authorization`: lines that are repeated or unusual, and the challenge. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN_TOKEN } from '../support/service.ts'
import type { Sent } from './credentials.ts'
import { bearer, send, startTwo } from './credentials.ts'

const EQUAL: Readonly<Record<string, (token: string) => string[]>> = {
  'twice the same line': (token) => [`Bearer ${token}`, `Bearer ${token}`],
  'the same in another case': (token) => [`Bearer ${token}`, `bearer  ${token}`],
  'a tab after the scheme': (token) => [`Bearer\t${token}`],
  'a tab and spaces': (token) => [`Bearer \t ${token} \t`],
  'an empty line before': (token) => ['', `Bearer ${token}`],
  'the scheme alone before': (token) => ['Bearer', `Bearer ${token}`],
  'another scheme before': (token) => [`Basic ${btoa('a:b')}`, `Bearer ${token}`],
  'another scheme behind': (token) => [`Bearer ${token}`, `Basic ${btoa('a:b')}`],
}

for (const [name, linesOf] of Object.entries(EQUAL)) {
  test(`Authorization: ${name}`, async (t) => {
    const world = await startTwo(t)
    const { accessToken, refreshToken } = world.other
    assert.equal((await send(world, '/api/auth/me', { lines: linesOf(accessToken) }, [], 'GET')).code, 200)
    assert.equal((await send(world, '/admin/users', { lines: linesOf(ADMIN_TOKEN) }, [], 'GET')).code, 200)
    assert.equal((await send(world, '/refresh_token', { lines: linesOf(refreshToken) })).code, 200)
    assert.equal((await send(world, '/api/auth/logout', { lines: linesOf(accessToken) })).code, 200)
  })
}

test('two different access or admin tokens: 401, whichever comes first', async (t) => {
  const world = await startTwo(t)
  const me = {
    path: '/api/auth/me',
    message: 'Invalid access token.',
    tokens: [world.accessToken, world.other.accessToken],
  }
  const admin = { path: '/admin/users', message: 'Invalid admin token.', tokens: [ADMIN_TOKEN, 'another'] }
  for (const { path, message, tokens } of [me, admin]) {
    for (const order of [tokens, tokens.toReversed()]) {
      const answer = await send(world, path, { lines: order.map((token) => `Bearer ${token}`) }, [], 'GET')
      assert.deepEqual([answer.code, answer.message], [401, message])
    }
  }
})

test('text behind a token is part of it', async (t) => {
  const world = await startTwo(t)
  for (const rest of [' x', ',x', ', x', ';x', ' , x=1']) {
    const { code } = await send(
      world,
      '/api/auth/me',
      { lines: [`Bearer ${world.accessToken}${rest}`] },
      [],
      'GET',
    )
    assert.equal(code, 401, rest)
  }
})

test('a credential of another kind is none: the challenge names no error (RFC 6750 §3.1)', async (t) => {
  const world = await startTwo(t)
  const challengeOf = async (path: string, sent: Sent, method = 'GET') =>
    /^www-authenticate: (.*)$/im.exec((await send(world, path, sent, [], method)).head)?.[1]
  const plain = 'Bearer realm="rekindle"'
  const cookies = [world.refreshToken]
  assert.equal(await challengeOf('/api/auth/me', { cookies }), plain)
  assert.equal(await challengeOf('/admin/users', { cookies }), plain)
  assert.equal(await challengeOf('/refresh_token', { cookies: [''] }, 'POST'), plain)
  const invalid = `${plain}, error="invalid_token"`
  assert.equal(await challengeOf('/refresh_token', { cookies: ['x'] }, 'POST'), invalid)
  assert.equal(await challengeOf('/api/auth/me', { lines: bearer('x') }), invalid)
  const login = await world.service.tryLogin('wrong password', 'ada', { bearer: world.accessToken })
  assert.equal(login.headers.get('WWW-Authenticate'), plain)
})
