/** One spelling of one kind of token, signed by this service with HS256, and nothing else, is a token. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { SECRET } from '../fixture.ts'
import type { World } from './documented/world.ts'
import { dump, forge, startWorld } from './documented/world.ts'
import { claimsOf, headerOf, resigned, respelt, signJwt } from './tokens.ts'

/** The same token as a careless decoder reads it. */
function otherwise(token: string): string[] {
  const [head = '', payload = '', signature = ''] = token.split('.')
  const bytes = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex')
  assert.deepEqual(new Set(respelt(token).map(bytes)), new Set([bytes(token)]))
  const signatures = [`${signature}=`, `${signature}==`, `${signature}%3D`, `${signature} =`]
  const inside = (text: string) => `${text.slice(0, 20)} ${text.slice(20)}`
  return [
    ...respelt(token),
    ...signatures.map((text) => `${head}.${payload}.${text}`),
    `${head}.${payload}.${inside(signature)}`,
    `${head}.${inside(payload)}.${signature}`,
    `${inside(head)}.${payload}.${signature}`,
    `${head} .${payload}.${signature}`,
    `${head}=.${payload}.${signature}`,
    `${head}.${payload}=.${signature}`,
    `${head}.${payload}\t.${signature}`,
    `"${token}"`,
    `${token},`,
    `${token}.`,
    `.${token}`,
    `${token} ${token}`,
  ]
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Tokens whose signature is right, or was, but that are not what they have to be. */
function counterfeit(token: string): string[] {
  const [head = '', payload = ''] = token.split('.')
  const claims = claimsOf(token)
  const rsaHead = Buffer.from(JSON.stringify({ ...headerOf(token), alg: 'RS256' })).toString('base64url')
  const without = (name: string) => {
    const { [name]: _, ...rest } = claims
    return signJwt(headerOf(token), rest)
  }
  return [
    forge(token),
    `${head}.${payload}.`,
    `${head}.${payload}`,
    signJwt({ ...headerOf(token), alg: 'none' }, claims),
    `${Buffer.from('{"alg":"none","typ":"rt+jwt"}').toString('base64url')}.${payload}.`,
    signJwt({ ...headerOf(token), alg: 'HS512' }, claims, SECRET, 'sha512'),
    signJwt(headerOf(token), claims, SECRET, 'sha512'),
    signJwt(headerOf(token), claims, Buffer.alloc(0)),
    signJwt(headerOf(token), claims, Buffer.from('another secret of more than 32 bytes')),
    `${rsaHead}.${payload}.${sign('sha256', Buffer.from(`${rsaHead}.${payload}`), privateKey).toString('base64url')}`,
    resigned(token, {}, { typ: 'JWT' }),
    resigned(token, {}, { typ: undefined }),
    resigned(token, {}, { crit: ['exp'] }),
    resigned(token, {}, { b64: false, crit: ['b64'] }),
    resigned(token, { type: 'id' }),
    resigned(token, { sub: 7 }),
    resigned(token, { exp: 'tomorrow' }),
    resigned(token, { exp: 1e300, nbf: 1e300 }),
    resigned(token, { nbf: Number(claims['iat']) + 3600 }),
    ...['exp', 'iat', 'sub', 'jti', 'sid', 'type'].map(without),
    `${head}.${Buffer.from('[]').toString('base64url')}.${createHmac('sha256', SECRET)
      .update(`${head}.${Buffer.from('[]').toString('base64url')}`)
      .digest('base64url')}`,
  ]
}

type Present = (world: World, token: string) => ReturnType<World['service']['request']>

const places: Readonly<Record<string, readonly [kind: 'access' | 'refresh', Present, message: string]>> = {
  '/refresh_token, header': [
    'refresh',
    ({ service }, token) => service.refresh(token),
    'Invalid refresh token.',
  ],
  '/refresh_token, cookie': [
    'refresh',
    ({ service }, token) =>
      service.request('/refresh_token', { method: 'POST', cookie: `refresh_token=${token}` }),
    'Invalid refresh token.',
  ],
  '/api/auth/refresh': ['access', ({ service }, token) => service.exchange(token), 'Invalid access token.'],
  '/api/auth/me': [
    'access',
    ({ service }, bearer) => service.request('/api/auth/me', { bearer }),
    'Invalid access token.',
  ],
  '/api/auth/logout': [
    'refresh',
    ({ service }, bearer) => service.request('/api/auth/logout', { method: 'POST', bearer }),
    'Invalid token.',
  ],
}

for (const [place, [kind, present, message]] of Object.entries(places)) {
  test(`${place}: no other spelling, no counterfeit`, async (t) => {
    const world = await startWorld(t)
    const token = kind === 'access' ? world.accessToken : world.refreshToken
    const before = dump(world.service.file)
    // A cookie's value may stand in quotes (RFC 6265 §4.1.1), and one with a control character is none.
    const isOther = (text: string) => place.includes('cookie') && /["\t]/.test(text)
    for (const wrong of [...otherwise(token), ...counterfeit(token)]) {
      if (isOther(wrong)) continue
      const answer = await present(world, wrong)
      assert.deepEqual([answer.status, answer.body.message], [401, message], wrong)
    }
    assert.deepEqual(dump(world.service.file), before)
    assert.equal((await present(world, token)).status, 200)
  })
}

test('a token of the other kind is refused, however it is labelled', async (t) => {
  const world = await startWorld(t)
  const { accessToken, refreshToken } = world
  const before = dump(world.service.file)
  const relabelled = [
    resigned(accessToken, {}, { typ: 'rt+jwt' }),
    resigned(accessToken, { type: 'refresh' }),
    resigned(accessToken, { type: 'refresh' }, { typ: 'rt+jwt' }),
    resigned(accessToken, { generation: 0 }, { typ: 'rt+jwt' }),
  ]
  for (const token of [accessToken, ...relabelled]) {
    assert.equal((await world.service.refresh(token)).body.message, 'Invalid refresh token.')
  }
  const others = [
    refreshToken,
    resigned(refreshToken, {}, { typ: 'at+jwt' }),
    resigned(refreshToken, { type: 'access' }),
  ]
  for (const token of others) {
    assert.equal((await world.service.exchange(token)).body.message, 'Invalid access token.')
    const me = await world.service.request('/api/auth/me', { bearer: token })
    assert.equal(me.body.message, 'Invalid access token.')
  }
  assert.deepEqual(dump(world.service.file), before)
})

test('issuer and audience, when they are set, are written and checked', async (t) => {
  const settings = { issuer: 'https://id.example', audience: 'https://api.example' }
  const { service, accessToken, refreshToken } = await startWorld(t, settings)
  for (const token of [accessToken, refreshToken]) {
    const { iss, aud } = claimsOf(token)
    assert.deepEqual([iss, aud], ['https://id.example', 'https://api.example'])
  }
  for (const claim of ['iss', 'aud']) {
    for (const value of ['https://evil.example', undefined]) {
      assert.equal((await service.refresh(resigned(refreshToken, { [claim]: value }))).status, 401)
      assert.equal((await service.exchange(resigned(accessToken, { [claim]: value }))).status, 401)
    }
  }
  assert.equal((await service.refresh(refreshToken)).status, 200)
})
