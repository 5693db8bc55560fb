/** Rules for new passwords, and that they are stored whole. Each fault also has a row in documented/. */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { startWorld } from '../support/world.ts'

const register = (service: Service, password: unknown, username = 'ada') =>
  service.request('/api/auth/register', { json: { username, password } })
const login = async (service: Service, password: string) => (await service.tryLogin(password)).status

test('from 8 characters to 256 bytes, and none of them is cut', async (t) => {
  const service = await startService(t)
  const longest = `pä!${'🦊'.repeat(63)}`
  assert.equal(Buffer.byteLength(longest), 256)
  for (const password of [
    'seven77',
    '🦊🐺🦝🐗🐴🦄🐝',
    `${longest}!`,
    'x'.repeat(257),
    'lone \ud800 surrogate',
  ]) {
    const { status, body } = await register(service, password)
    assert.deepEqual([status, body.errors[0].path], [400, 'password'], password)
  }
  assert.equal((await register(service, longest)).status, 201)
  for (const [spelling, status] of [
    [longest, 200],
    [longest.normalize('NFD'), 200],
    [longest.slice(0, -2), 401],
    [`${longest.slice(0, -2)}🐺`, 401],
    [`${longest}!`, 401],
  ] as const) {
    assert.equal(await login(service, spelling), status)
  }
})

test('a password is the same however the keyboard composes it', async (t) => {
  const service = await startService(t)
  const password = 'Grüße, Jürgen'
  assert.equal((await register(service, password.normalize('NFD'))).status, 201)
  assert.equal(await login(service, password.normalize('NFC')), 200)
  assert.equal(await login(service, password.toLowerCase()), 401)
})

test('NUL and white space are characters like any other', async (t) => {
  const service = await startService(t)
  assert.equal((await register(service, '\0 \t\n\u3000\0 end')).status, 201)
  for (const [password, status] of [
    ['\0 \t\n\u3000\0 end', 200],
    ['\0 \t\n\u3000\0 END', 401],
    ['\0', 401],
    [' \t\n\u3000\0 end', 401],
  ] as const) {
    assert.equal(await login(service, password), status)
  }
})

test('a password that is refused is refused the same for a name that is taken', async (t) => {
  const { service } = await startWorld(t)
  const before = await snapshot(service.database)
  for (const [password, reason, message] of [
    ['password1', 'common', 'Is one of the most common passwords'],
    ['I am Ada, and who are you?', 'username_inside', 'Contains the username'],
  ]) {
    const taken = await register(service, password, 'Ada')
    const errors = [{ path: 'password', reason, message }]
    assert.deepEqual(taken.body, { status: 'error', code: 400, message: 'Invalid request.', errors })
  }
  assert.deepEqual(
    (await register(service, 'password1', 'grace')).body,
    (await register(service, 'password1')).body,
  )
  assert.deepEqual(await snapshot(service.database), before)
})

test('passwords from before these rules stay good until they are changed', async (t) => {
  const { service } = await startWorld(t)
  for (const old of ['password1', 'ada', `pä${'🦊'.repeat(254)}`]) {
    const hash = await service.core.passwords.hash(old)
    await service.core.db.updateTable('users').set({ password_hash: hash }).execute()
    assert.equal(await login(service, old), 200)
    assert.equal(await login(service, old.normalize('NFD')), 200)
  }
  const { body } = await service.request('/api/auth/login', {
    json: { username: 'ada', password: `pä${'🦊'.repeat(254)}` },
  })
  const change = (next: string) =>
    service.request('/api/auth/password', {
      bearer: body.data.access_token,
      json: { current_password: `pä${'🦊'.repeat(254)}`, new_password: next },
    })
  assert.deepEqual((await change('password1')).body.errors[0].path, 'new_password')
  assert.equal((await change(PASSWORD)).status, 200)
  assert.equal(await login(service, PASSWORD), 200)
})
