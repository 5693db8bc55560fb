/** Users whom an administrator brings from another system: with their ids, their hashes, and names with spaces. */

import assert from 'node:assert/strict'
import { mostForeignWork } from '../../src/store/queries/foreign-hashes.ts'
import { snapshot, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import {
  ADMIN_TOKEN,
  INTROSPECTION_TOKEN,
  override,
  REVOCATIONS_TOKEN,
  startService,
} from '../support/service.ts'
import { claimsOf, sidOf } from '../support/tokens.ts'
import { vectors } from '../users/hashes/vectors.ts'

const WORDS = 'correct horse battery staple'

const hashBy = (by: RegExp, password = WORDS) => {
  const vector = vectors.find((one) => by.test(one.by) && one.password === password)
  assert.ok(vector !== undefined, String(by))
  return vector.hash
}

const admin = (service: Service, path: string, request: object = {}) =>
  service.request(path, { bearer: ADMIN_TOKEN, ...request })
const bring = (service: Service, json: object) => admin(service, '/admin/users', { json })

const IDS = [
  '7',
  '0',
  'a',
  'ada@example.com',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'DOMAIN\\ada lovelace',
  'a/b',
  'a//b/',
  '...',
  '..a',
  '%2F',
  '100%',
  '%',
  'a?b#c&d=e+f',
  '~tilde',
  '-',
  '__proto__',
  'constructor',
  'null',
  'Ü',
  'Ü'.normalize('NFD'),
  '用户',
  '👩',
  "';drop table users;--",
  '"quoted"',
  '<b>',
  '5C1B2F0E-8F0B-4A52-9D7E-3D0A4B8F6C21',
  '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21',
  '5c1b2f0e8f0b4a529d7e3d0a4b8f6c21',
  '7:8',
  'sessions',
  'x'.repeat(128),
  '👩'.repeat(128),
]

test('any id: sessions, exchange, introspection, events, lists and ends go by it', async (t) => {
  const service = await startService(t)
  for (const [index, id] of IDS.entries()) {
    const username = `user ${index}`
    const created = await bring(service, { id, username, password_hash: hashBy(/bcryptjs/) })
    assert.equal(created.status, 201, `${id}: ${created.text}`)
    assert.equal(created.body.data.id, id)
    const login = await service.tryLogin(WORDS, username)
    assert.equal(login.status, 200, `${id}: ${login.text}`)
    const { access_token: accessToken, refresh_token: refreshToken } = login.body.data
    assert.equal(claimsOf(accessToken)['sub'], id)
    const me = await service.request('/api/auth/me', { bearer: accessToken })
    assert.equal(me.body.data.id, id)
    const refreshed = await service.refresh(refreshToken)
    assert.equal(claimsOf(refreshed.body.data.access_token)['sub'], id)
    const exchanged = await service.exchange(refreshed.body.data.access_token)
    assert.equal(claimsOf(exchanged.body.access_token)['sub'], id)
    const seen = await service.request('/introspect', {
      method: 'POST',
      bearer: INTROSPECTION_TOKEN,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `token=${exchanged.body.access_token}`,
    })
    assert.deepEqual([seen.body.active, seen.body.sub, seen.body.username], [true, id, username], id)

    const path = `/admin/users/${encodeURIComponent(id)}`
    assert.equal((await admin(service, path)).body.data?.id, id, path)
    const sessions = await admin(service, `${path}/sessions`)
    assert.deepEqual(
      sessions.body.data.sessions.map((session: { id: string }) => session.id),
      [sidOf(accessToken)],
      path,
    )
    const events = await admin(service, `/admin/events?user_id=${encodeURIComponent(id)}`)
    assert.deepEqual(
      events.body.data.events.map((event: { type: string; data: { user_id: string } }) => [
        event.type,
        event.data.user_id,
      ]),
      [
        ['session.opened', id],
        ['user.registered', id],
      ],
    )
    const opened = await admin(service, `${path}/sessions`, { json: {} })
    assert.equal(opened.status, 201, path)
    const ended = await admin(service, `${path}/sessions/${sidOf(accessToken)}`, { method: 'DELETE' })
    assert.equal(ended.status, 200, path)
    assert.equal((await admin(service, `${path}/session_history`)).body.data.sessions.length, 2)
    assert.equal((await admin(service, `${path}/deactivate`, { method: 'POST' })).body.data.sessions_ended, 1)
    assert.equal((await admin(service, `${path}/activate`, { method: 'POST' })).status, 200)
    const json = { username: `renamed ${index}` }
    assert.equal((await admin(service, `${path}/username`, { method: 'PUT', json })).status, 200)
    assert.equal((await admin(service, path, { method: 'DELETE' })).status, 200)
    assert.equal((await admin(service, path)).status, 404)
  }
  const feed = await service.request('/revocations', { bearer: REVOCATIONS_TOKEN })
  const subs = feed.body.data.revocations.flatMap((one: { sub?: string }) => one.sub ?? [])
  assert.deepEqual(new Set(subs), new Set(IDS))
})

test('each user is on one page, whatever the ids look like', async (t) => {
  const service = await startService(t)
  for (const [index, id] of IDS.entries()) await bring(service, { id, username: `user ${index}` })
  await service.register('ada')
  const all = new Set(
    (await admin(service, '/admin/users?limit=200')).body.data.users.map(({ id }: { id: string }) => id),
  )
  assert.equal(all.size, IDS.length + 1)
  for (const limit of [1, 7]) {
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { users: { id: string }[]; next_cursor: string | null } = (
        await admin(
          service,
          `/admin/users?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        )
      ).body.data
      seen.push(...page.users.map(({ id }) => id))
      cursor = page.next_cursor
    }
    assert.equal(seen.length, all.size)
    assert.deepEqual(new Set(seen), all)
  }
})

test('ids that no path can carry, or that nobody can see, are refused', async (t) => {
  const service = await startService(t)
  const before = await snapshot(service.database)
  for (const id of [
    '',
    '.',
    '..',
    ' a',
    'a ',
    'a\u0000',
    'a\n',
    'a\u202eb',
    '\u200b',
    '\u{fffd}',
    'x'.repeat(129),
    7,
  ]) {
    const { status, body } = await bring(service, { id, username: 'ada' })
    assert.equal(status, 400, JSON.stringify(id))
    assert.equal(body.errors[0].path, 'id')
    assert.ok(!body.errors[0].message.includes('\\p{'), body.errors[0].message)
  }
  assert.deepEqual(await snapshot(service.database), before)
})

test('an id is given once: not to two at once, and not after a deletion', async (t) => {
  const service = await startService(t)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => bring(service, { id: '7', username: `ada${index}` })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(7).fill(409)])
  for (const { status, body } of answers) if (status === 409) assert.equal(body.message, 'Id is taken.')
  assert.equal(
    (await bring(service, { id: '8', username: 'ADA0' })).status,
    answers[0]?.status === 201 ? 409 : 201,
  )
  const winner = (await admin(service, '/admin/users/7')).body.data
  assert.equal(
    (await bring(service, { id: '9', username: winner.username })).body.message,
    'Username is taken.',
  )

  // Verifiers hold that everything of this id has ended, and its events are about to be deleted.
  assert.equal((await admin(service, '/admin/users/7', { method: 'DELETE' })).status, 200)
  const again = await bring(service, { id: '7', username: 'grace' })
  assert.deepEqual([again.status, again.body.message], [409, 'Id is taken.'])
  assert.equal((await admin(service, '/admin/users/7')).status, 404)
  assert.equal((await admin(service, '/admin/users?username=grace')).body.data.users.length, 0)
})

const KINDS = [
  /Django.* pbkdf2_sha256/,
  /Django.* bcrypt_sha256/,
  /Django.* argon2/,
  /Django.* scrypt/,
  /Werkzeug.*scrypt/,
  /Werkzeug.*pbkdf2:sha256/,
  /passlib pbkdf2_sha512/,
  /libxcrypt 2x/,
  /argon2-cffi \$?argon2i v=16/,
  /firebase-scrypt/,
]

test('a login with a hash of another system succeeds, and raises it to ours', async (t) => {
  const service = await startService(t)
  const hashOf = async (username: string) =>
    service.core.db
      .selectFrom('users')
      .select(['password_hash', 'foreign_family', 'foreign_cost'])
      .where('username', '=', username)
      .executeTakeFirstOrThrow()
  for (const [index, by] of KINDS.entries()) {
    const username = `user ${index}`
    const hash = hashBy(by)
    assert.equal((await bring(service, { id: `${index}`, username, password_hash: hash })).status, 201, hash)
    assert.ok((await hashOf(username)).foreign_family !== null)
    assert.equal((await service.tryLogin(WORDS.toUpperCase(), username)).status, 401)
    const before = await hashOf(username)
    assert.equal(before.password_hash.endsWith(hash), true)
    assert.equal((await service.tryLogin(WORDS, username)).status, 200, hash)
    const { password_hash: raised, ...work } = await hashOf(username)
    assert.match(raised, /^\$argon2id\$/)
    assert.deepEqual(work, { foreign_family: null, foreign_cost: null })
    assert.equal((await service.tryLogin(WORDS, username)).status, 200)
    assert.equal((await hashOf(username)).password_hash, raised)
  }
  assert.deepEqual(await mostForeignWork(service.core.db), {})
})

test('many logins at once raise a hash once, and all succeed', async (t) => {
  const service = await startService(t)
  await bring(service, { id: '7', username: 'ada', password_hash: hashBy(/bcryptjs/) })
  const logins = await Promise.all(Array.from({ length: 6 }, () => service.tryLogin(WORDS)))
  assert.deepEqual(
    logins.map(({ status }) => status),
    Array(6).fill(200),
  )
})

test('a password change and one by an administrator forget the hash of the other system', async (t) => {
  const service = await startService(t)
  const json = (id: string) => ({
    id,
    username: `user ${id}`,
    password_hash: hashBy(/bcryptjs/, `${'x'.repeat(71)}é and more`),
  })
  for (const id of ['1', '2', '3']) await bring(service, json(id))
  const password = `${'x'.repeat(71)}é and more`
  // What bcrypt has ignored keeps such a hash from being raised.
  const { body } = await service.tryLogin(password, 'user 1')
  assert.deepEqual(await mostForeignWork(service.core.db), { bcrypt: 16 })
  const changed = await service.request('/api/auth/password', {
    bearer: body.data.access_token,
    json: { current_password: password, new_password: 'another one entirely' },
  })
  assert.equal(changed.status, 200, changed.text)
  const put = { method: 'PUT', json: { password: 'another one entirely' } }
  assert.equal((await admin(service, '/admin/users/2/password', put)).status, 200)
  assert.equal((await admin(service, '/admin/users/3', { method: 'DELETE' })).status, 200)
  assert.deepEqual(await mostForeignWork(service.core.db), {})
  for (const name of ['user 1', 'user 2'])
    assert.equal((await service.tryLogin('another one entirely', name)).status, 200)
})

test('every refused login is told how much work the hashes of others are', async (t) => {
  const service = await startService(t)
  await bring(service, { id: '1', username: 'bcrypt', password_hash: hashBy(/bcryptjs/) })
  await bring(service, {
    id: '2',
    username: 'dear',
    password_hash: hashBy(/bcryptjs/).replace('$04$', '$06$'),
  })
  await bring(service, { id: '3', username: 'scrypt', password_hash: hashBy(/firebase-scrypt/) })
  await service.register()
  const given: unknown[] = []
  const { passwords } = service.core
  override(service.core, {
    passwords: {
      ...passwords,
      pace: 0,
      verify: (hash, password, foreign) => {
        given.push(foreign)
        return passwords.verify(hash, password, foreign)
      },
    },
  })
  for (const name of ['nobody', 'ada', 'bcrypt', 'dear', 'scrypt'])
    assert.equal((await service.tryLogin('wrong password', name)).status, 401)
  assert.deepEqual(given, Array(5).fill({ bcrypt: 64, scrypt: 8192 }))
})

test('names with spaces: an administrator may give them, and nobody registers with one', async (t) => {
  const service = await startService(t)
  assert.equal(
    (await bring(service, { id: '1', username: 'Ada Lovelace', password_hash: hashBy(/bcryptjs/) })).status,
    201,
  )
  assert.equal((await service.tryLogin(WORDS, 'ADA LOVELACE')).status, 200)
  assert.equal((await admin(service, '/admin/users?username=ada%20lovelace')).body.data.users.length, 1)
  assert.equal((await bring(service, { username: 'ada LOVELACE' })).body.message, 'Username is taken.')
  for (const username of [
    ' ada',
    'ada ',
    'ada  lovelace',
    'ada\tlovelace',
    'ada\u00a0lovelace',
    'ada\u3000lovelace',
    ' ',
  ]) {
    const { status, body } = await bring(service, { username })
    assert.equal(status, 400, JSON.stringify(username))
    assert.match(body.errors[0].message, /^Expected no white space but single spaces/)
  }
  const registered = await service.request('/api/auth/register', {
    json: { username: 'Grace Hopper', password: WORDS },
  })
  assert.equal(registered.status, 400)
  assert.equal(
    registered.body.errors[0].message,
    'Expected no white space and no control, format or replacement characters',
  )
})

test('what cannot be is refused, and nothing is written', async (t) => {
  const service = await startService(t)
  const before = await snapshot(service.database)
  for (const [path, reason, members] of [
    ['password_hash', 'unknown', { password: WORDS, password_hash: hashBy(/bcryptjs/) }],
    ['password_hash', 'malformed', { password_hash: 'secret' }],
    ['password_hash', 'malformed', { password_hash: 'ab'.repeat(16) }],
    ['password_hash', 'too_large', { password_hash: hashBy(/bcryptjs/).replace('$04$', '$31$') }],
    ['password_hash', 'too_long', { password_hash: 'a'.repeat(1025) }],
    ['password_hash', 'too_short', { password_hash: '' }],
    ['created_at', 'too_large', { created_at: '2026-11-22T08:00:01Z' }],
    ['created_at', 'too_small', { created_at: '1969-12-31T23:59:59Z' }],
    ['created_at', 'too_small', { created_at: '0000-01-01T00:00:00+14:00' }],
    ['created_at', 'malformed', { created_at: '2020-01-01' }],
    ['deactivated', 'wrong_type', { deactivated: 'yes' }],
    ['deactivated_at', 'unknown', { deactivated_at: null }],
  ] as const) {
    const { status, body } = await bring(service, { username: 'ada', ...members })
    assert.deepEqual([status, body.errors?.[0]?.path, body.errors?.[0]?.reason], [400, path, reason])
  }
  assert.deepEqual(await snapshot(service.database), before)
  // They came in requests, and must be in no log.
  assert.ok(!service.logged().includes('ab'.repeat(16)))
})

test('a deactivated user stays so until activated, and times are kept', async (t) => {
  const service = await startService(t)
  const created = await bring(service, {
    id: '1',
    username: 'ada',
    password_hash: hashBy(/bcryptjs/),
    created_at: '2019-05-04T10:00:00.5+02:00',
    deactivated: true,
  })
  assert.equal(created.body.data.created_at, '2019-05-04T08:00:00.500Z')
  assert.equal(created.body.data.deactivated_at, '2026-11-22T08:00:00.123Z')
  assert.equal((await service.tryLogin(WORDS)).status, 403)
  await admin(service, '/admin/users/1/activate', { method: 'POST' })
  assert.equal((await service.tryLogin(WORDS)).status, 200)
})
