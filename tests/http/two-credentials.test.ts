/**
 * Requests with more than one credential. Each is judged by itself before they are compared: only an authentic refresh token
 * is one. The table is that of docs/glossary.md.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import { DAY } from '../support/service.ts'
import { resigned, sidOf } from '../support/tokens.ts'
import { forge } from '../support/world.ts'
import type { Sent, TwoSessions } from './credentials.ts'
import { bearer, send, startTwo } from './credentials.ts'

const CONFLICT = [400, 'Conflicting refresh tokens.']

/** What may be in the header beside a good cookie of the world, so that the cookie counts. */
const NO_REFRESH_TOKENS: Readonly<Record<string, (world: TwoSessions) => string[]>> = {
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
    const world = await startTwo(t)
    const { code, data, setsCookie } = await send(world, '/refresh_token', {
      lines: linesOf(world),
      cookies: [world.refreshToken],
    })
    assert.deepEqual([code, setsCookie, data?.refresh_token], [200, true, undefined])
    assert.equal(sidOf(data.access_token), sidOf(world.accessToken))
  })
}

/** Different refresh tokens together, none of which may be rotated. */
const CONFLICTS: Readonly<Record<string, (world: TwoSessions) => Sent>> = {
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
    const world = await startTwo(t)
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
      const world = await startTwo(t)
      const good = [world.refreshToken]
      const cookies = order === 'first' ? [...beside, ...good] : [...good, ...beside]
      const { code, setsCookie } = await send(world, '/refresh_token', { cookies })
      assert.deepEqual([code, setsCookie], [200, true], `${beside} ${order}`)
    }
  }
})

test('refresh with the same cookie twice, and once in quotes (RFC 6265 §4.1.1)', async (t) => {
  for (const spell of [(token: string) => token, (token: string) => `"${token}"`]) {
    const world = await startTwo(t)
    const cookies = [world.refreshToken, spell(world.refreshToken)]
    assert.equal((await send(world, '/refresh_token', { cookies })).code, 200)
  }
})

test('refresh with a cookie that is no refresh token beside a good header: header mode', async (t) => {
  for (const cookie of ['', 'undefined', 'forged'] as const) {
    const world = await startTwo(t)
    const cookies = [cookie === 'forged' ? forge(world.refreshToken) : cookie]
    const sent = { lines: bearer(world.other.refreshToken), cookies }
    const { code, data, setsCookie } = await send(world, '/refresh_token', sent)
    assert.deepEqual([code, typeof data?.refresh_token, setsCookie], [200, 'string', false], cookie)
  }
})

test('refresh with nothing that is a refresh token: 401 for the cookie', async (t) => {
  const world = await startTwo(t)
  const before = await snapshot(world.service.database)
  for (const lines of [bearer('undefined'), bearer(world.accessToken), bearer(forge(world.refreshToken))]) {
    for (const cookies of [['garbage'], [world.accessToken, 'x'], [forge(world.other.refreshToken)]]) {
      const { code, message } = await send(world, '/refresh_token', { lines, cookies })
      assert.deepEqual([code, message], [401, 'Invalid refresh token.'])
    }
  }
  assert.deepEqual(await snapshot(world.service.database), before)
})

test('logout with several credentials: every session of an authentic one ends', async (t) => {
  const world = await startTwo(t)
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
  const world = await startTwo(t)
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
  const world = await startTwo(t)
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

test('many cookies of the name cost no more than a few', async (t) => {
  const world = await startTwo(t)
  let verified = 0
  const { keys } = world.service.core
  const verifying = {
    [Symbol.iterator]: undefined,
    some: (test: (key: never) => boolean) => {
      verified++
      return keys.refresh.verifying.some(test as never)
    },
  }
  Object.assign(world.service.core, { keys: { ...keys, refresh: { ...keys.refresh, verifying } } })
  // The header of a refresh token, so that the signature is looked at
  const [header = ''] = world.refreshToken.split('.')
  const cookies = Array.from({ length: 100 }, (_, index) => `${header}.e30.c${index}`)
  for (const path of ['/refresh_token', '/api/auth/logout'])
    assert.equal((await send(world, path, { cookies })).code, 401)
  assert.ok(verified > 0 && verified < 50, `${verified} signatures`)
})

test('a request with an expired cookie alone says so', async (t) => {
  const world = await startTwo(t)
  world.service.clock.now += 40 * DAY
  const { message } = await send(world, '/refresh_token', {
    lines: bearer('undefined'),
    cookies: [world.refreshToken],
  })
  assert.equal(message, 'Refresh token has expired.')
})
