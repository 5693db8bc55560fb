/**
 * Requests with more than one credential. Each is judged by itself before they are compared: only an authentic refresh token
 * is one. The table is that of docs/glossary.md.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import type { Tokens } from '../support/service.ts'
import { ADMIN_TOKEN, DAY } from '../support/service.ts'
import { resigned, sidOf } from '../support/tokens.ts'
import { forge } from '../support/world.ts'
import type { CookieWorld } from './cookies.ts'
import { startWithCookie } from './cookies.ts'

interface Sent {
  /** Values of `Authorization` lines */
  readonly lines?: readonly string[]
  /** Values of cookies of the name, in order */
  readonly cookies?: readonly string[]
}

/** Over a socket, because fetch joins equal headers. */
async function send(
  { service, name }: CookieWorld,
  path: string,
  { lines = [], cookies = [] }: Sent,
  headers: readonly string[] = [],
  method = 'POST',
) {
  const { hostname, port } = new URL(service.url)
  const socket = connect(Number(port), hostname)
  const cookie =
    cookies.length > 0 ? [`Cookie: a=1; ${cookies.map((value) => `${name}=${value}`).join('; ')}`] : []
  const fields = [...lines.map((line) => `Authorization: ${line}`), ...cookie, ...headers]
  socket.write(
    [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'Content-Length: 0',
      ...fields,
      '',
      '',
    ].join('\r\n'),
  )
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const { status, data, message } = JSON.parse(body)
  return {
    code: Number(head.slice(9, 12)),
    status,
    data,
    message,
    head,
    setsCookie: /^set-cookie: /im.test(head),
  }
}

const CONFLICT = [400, 'Conflicting refresh tokens.']

/** A session in cookie mode, and another one in header mode. */
async function start(t: TestContext): Promise<CookieWorld & { readonly other: Tokens }> {
  const world = await startWithCookie(t)
  return { ...world, other: await world.service.login() }
}

const bearer = (token: string) => [`Bearer ${token}`]

/** What may be in the header beside a good cookie of the world, so that the cookie counts. */
const NO_REFRESH_TOKENS: Readonly<
  Record<string, (world: CookieWorld & { readonly other: Tokens }) => string[]>
> = {
  'the access token of the session': ({ accessToken }) => bearer(accessToken),
  'the access token of another session': ({ other }) => bearer(other.accessToken),
  'an expired access token': ({ accessToken }) => bearer(resigned(accessToken, { exp: 1 })),
  undefined: () => bearer('undefined'),
  null: () => bearer('null'),
  'a scheme alone': () => ['Bearer'],
  'another scheme': () => [`Basic ${btoa('a:b')}`],
  'a forged refresh token': ({ refreshToken }) => bearer(forge(refreshToken)),
  'a forged one of another session': ({ other }) => bearer(forge(other.refreshToken)),
}

for (const [name, linesOf] of Object.entries(NO_REFRESH_TOKENS)) {
  test(`refresh with ${name} beside the cookie: the cookie counts`, async (t) => {
    const world = await start(t)
    const { code, data, setsCookie } = await send(world, '/refresh_token', {
      lines: linesOf(world),
      cookies: [world.refreshToken],
    })
    assert.deepEqual([code, setsCookie, data?.refresh_token], [200, true, undefined])
    assert.equal(sidOf(data.access_token), sidOf(world.accessToken))
  })
}

/** Different refresh tokens together, none of which may be rotated. */
const CONFLICTS: Readonly<Record<string, (world: CookieWorld & { readonly other: Tokens }) => Sent>> = {
  'header and cookie': ({ other, refreshToken }) => ({
    lines: bearer(other.refreshToken),
    cookies: [refreshToken],
  }),
  'an expired one in the header, and the cookie': ({ other, refreshToken }) => ({
    lines: bearer(resigned(other.refreshToken, { exp: 1 })),
    cookies: [refreshToken],
  }),
  'the header, and an expired one in the cookie': ({ other, refreshToken }) => ({
    lines: bearer(refreshToken),
    cookies: [resigned(other.refreshToken, { exp: 1 })],
  }),
  'two cookies': ({ other, refreshToken }) => ({ cookies: [refreshToken, other.refreshToken] }),
  'two cookies, and the first in the header': ({ other, refreshToken }) => ({
    lines: bearer(refreshToken),
    cookies: [refreshToken, other.refreshToken],
  }),
  'two lines': ({ other, refreshToken }) => ({
    lines: [...bearer(refreshToken), ...bearer(other.refreshToken)],
  }),
  'two lines that differ from the cookie': ({ other, refreshToken }) => ({
    lines: [...bearer('undefined'), ...bearer(other.refreshToken)],
    cookies: [refreshToken],
  }),
}

for (const [name, sentOf] of Object.entries(CONFLICTS)) {
  test(`refresh with two refresh tokens, ${name}: 400, and neither is rotated`, async (t) => {
    const world = await start(t)
    const before = await snapshot(world.service.database)
    const { code, message, setsCookie } = await send(world, '/refresh_token', sentOf(world))
    assert.deepEqual([code, message, setsCookie], [...CONFLICT, false])
    assert.deepEqual(await snapshot(world.service.database), before)
    assert.equal((await world.service.refresh(world.other.refreshToken)).status, 200)
    assert.equal((await send(world, '/refresh_token', { cookies: [world.refreshToken] })).code, 200)
  })
}

test('refresh with several cookies of the name: what is no refresh token hides no good one', async (t) => {
  for (const beside of [[''], ['""'], ['undefined'], ['', 'garbage', ''], ['a b'], ['%']]) {
    for (const order of ['first', 'last']) {
      const world = await start(t)
      const good = [world.refreshToken]
      const cookies = order === 'first' ? [...beside, ...good] : [...good, ...beside]
      const { code, setsCookie } = await send(world, '/refresh_token', { cookies })
      assert.deepEqual([code, setsCookie], [200, true], `${beside} ${order}`)
    }
  }
})

test('refresh with the same cookie twice, and once in quotes (RFC 6265 §4.1.1)', async (t) => {
  for (const spell of [(token: string) => token, (token: string) => `"${token}"`]) {
    const world = await start(t)
    const cookies = [world.refreshToken, spell(world.refreshToken)]
    assert.equal((await send(world, '/refresh_token', { cookies })).code, 200)
  }
})

test('refresh with a cookie that is no refresh token beside a good header: header mode', async (t) => {
  for (const cookie of ['', 'undefined', 'forged'] as const) {
    const world = await start(t)
    const cookies = [cookie === 'forged' ? forge(world.refreshToken) : cookie]
    const sent = { lines: bearer(world.other.refreshToken), cookies }
    const { code, data, setsCookie } = await send(world, '/refresh_token', sent)
    assert.deepEqual([code, typeof data?.refresh_token, setsCookie], [200, 'string', false], cookie)
  }
})

test('refresh with nothing that is a refresh token: 401 for the cookie', async (t) => {
  const world = await start(t)
  const before = await snapshot(world.service.database)
  for (const lines of [bearer('undefined'), bearer(world.accessToken), bearer(forge(world.refreshToken))]) {
    for (const cookies of [['garbage'], [world.accessToken, 'x'], [forge(world.other.refreshToken)]]) {
      const { code, message } = await send(world, '/refresh_token', { lines, cookies })
      assert.deepEqual([code, message], [401, 'Invalid refresh token.'])
    }
  }
  assert.deepEqual(await snapshot(world.service.database), before)
})

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
    const world = await start(t)
    const { accessToken, refreshToken } = world.other
    assert.equal((await send(world, '/api/auth/me', { lines: linesOf(accessToken) }, [], 'GET')).code, 200)
    assert.equal((await send(world, '/admin/users', { lines: linesOf(ADMIN_TOKEN) }, [], 'GET')).code, 200)
    assert.equal((await send(world, '/refresh_token', { lines: linesOf(refreshToken) })).code, 200)
    assert.equal((await send(world, '/api/auth/logout', { lines: linesOf(accessToken) })).code, 200)
  })
}

test('two different access or admin tokens: 401, whichever comes first', async (t) => {
  const world = await start(t)
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
  const world = await start(t)
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

test('logout with several credentials: every session of an authentic one ends', async (t) => {
  const world = await start(t)
  const third = await world.service.login()
  const { code, setsCookie } = await send(world, '/api/auth/logout', {
    lines: [...bearer('undefined'), ...bearer(world.other.accessToken)],
    cookies: ['', 'garbage', world.refreshToken, third.refreshToken],
  })
  assert.deepEqual([code, setsCookie], [200, true])
  const active = await world.service.core.db
    .selectFrom('sessions')
    .where('revoked_at', 'is', null)
    .selectAll()
    .execute()
  assert.deepEqual(active, [])
})

test('the end of all sessions takes no cookie away that may be another user’s', async (t) => {
  const world = await start(t)
  await world.service.register('bob')
  const bob = await world.service.login('bob')
  for (const [cookies, clears] of [
    [['', world.refreshToken], true],
    [['garbage', world.refreshToken], true],
    [[world.refreshToken, bob.refreshToken], false],
    [['garbage'], false],
  ] as const) {
    const { accessToken } = await world.service.login()
    const answer = await send(world, '/api/auth/logout_all', { lines: bearer(accessToken), cookies })
    assert.deepEqual([answer.code, answer.setsCookie], [200, clears], `${cookies.length} ${clears}`)
  }
})

test('a cookie behind an empty one, or beside a header, counts for cross-site requests', async (t) => {
  const world = await start(t)
  const before = await snapshot(world.service.database)
  const foreign = ['Sec-Fetch-Site: cross-site', 'Origin: https://evil.example']
  for (const path of ['/refresh_token', '/api/auth/logout', '/api/auth/logout_all']) {
    for (const lines of [
      [],
      bearer('undefined'),
      bearer(world.accessToken),
      bearer(world.other.refreshToken),
    ]) {
      for (const cookies of [['', world.refreshToken], [world.refreshToken, ''], ['garbage']]) {
        const { code, message } = await send(world, path, { lines, cookies }, foreign)
        assert.deepEqual([code, message], [403, 'Cross-site request refused.'])
      }
    }
  }
  assert.deepEqual(await snapshot(world.service.database), before)
})

test('a credential of another kind is none: the challenge names no error (RFC 6750 §3.1)', async (t) => {
  const world = await start(t)
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

test('many cookies of the name cost no more than a few', async (t) => {
  const world = await start(t)
  let verified = 0
  const { keys } = world.service.core
  const verifying = {
    [Symbol.iterator]: undefined,
    some: (test: (key: never) => boolean) => {
      verified++
      return keys.verifying.some(test as never)
    },
  }
  Object.assign(world.service.core, { keys: { ...keys, verifying } })
  const cookies = Array.from({ length: 500 }, (_, index) => `a.b.c${index}`)
  for (const path of ['/refresh_token', '/api/auth/logout'])
    assert.equal((await send(world, path, { cookies })).code, 401)
  assert.ok(verified < 50, `${verified} signatures`)
})

test('a request with an expired cookie alone says so', async (t) => {
  const world = await start(t)
  world.service.clock.now += 40 * DAY
  const { message } = await send(world, '/refresh_token', {
    lines: bearer('undefined'),
    cookies: [world.refreshToken],
  })
  assert.equal(message, 'Refresh token has expired.')
})
