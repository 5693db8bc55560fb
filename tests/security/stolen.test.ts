/**
 * What secrets and copies of the database are good for, and what they are not: the rows of the threat model in
 * docs/security.md. Tokens are made by hand, with nothing but what the attacker of the row has.
 */
import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { test as testOnce } from 'node:test'
import { createPasswords } from '../../src/users/passwords.ts'
import { startSecond } from '../http/second.ts'
import { snapshot, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, LIMITS, MINUTE, PASSWORD, SECRET, startService } from '../support/service.ts'
import { claimsOf, resigned, signJwt } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { deliverFor, startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts'
import { startWorld } from '../support/world.ts'
import { endpoints } from './endpoints.ts'

const NEXT = Buffer.from('bmV4dCwgZm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIG9yIG1vcmU')
const NOBODY = '01a20244-e87b-718c-83ab-98cbd882ae60'

const eventsOf = async ({ core }: Service) =>
  (await core.db.selectFrom('events').selectAll().orderBy('position').execute()).map(({ name }) => name)

/** A refresh token of the session of an access token, as an API with the secret makes it */
const refreshTokenFrom = (accessToken: string, generation = 0): string => {
  const { sub, sid, iat, exp } = claimsOf(accessToken)
  return signJwt(
    { alg: 'HS256', typ: 'rt+jwt' },
    { sub, sid, jti: `${sid}.${generation}`, type: 'refresh', generation, iat, exp },
  )
}

test('an API with the secret, and an access token that it was sent: the session, until the owner refreshes', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  const taken = await service.refresh(refreshTokenFrom(accessToken))
  assert.equal(taken.status, 200)
  assert.equal((await service.exchange(resigned(accessToken, { jti: NOBODY }))).status, 200)
  service.clock.now += MINUTE
  const owner = await service.refresh(refreshToken)
  assert.equal(owner.status, 200, 'a late retry')
  assert.equal((await service.refresh(taken.body.data.refresh_token)).status, 401)
  assert.ok((await eventsOf(service)).includes('token.reuse_detected'))
  assert.equal((await service.refresh(owner.body.data.refresh_token)).status, 401)
})

test('a generation that there has not been yet ends the session as restored', async (t) => {
  const { service, accessToken } = await startWorld(t)
  assert.equal((await service.refresh(refreshTokenFrom(accessToken, 7))).status, 401)
  assert.ok((await eventsOf(service)).includes('session.restored'))
})

test('an API with the secret: no password, no administration, no session that is not there', async (t) => {
  const { service, accessToken, user } = await startWorld(t)
  const forged = resigned(accessToken, { jti: NOBODY })
  const sessions = await service.request('/api/auth/sessions', { bearer: forged })
  assert.deepEqual([sessions.status, sessions.body.data.sessions.length], [200, 1])
  const before = await snapshot(service.database)
  const json = { current_password: 'not the password', new_password: 'another one entirely' }
  assert.equal((await service.request('/api/auth/password', { bearer: forged, json })).status, 403)
  for (const bearer of [forged, SECRET.toString()])
    assert.equal((await service.request(`/admin/users/${user.id}`, { bearer })).status, 401)
  const nowhere = resigned(accessToken, { sid: NOBODY })
  assert.equal((await service.request('/api/auth/me', { bearer: nowhere })).status, 401)
  assert.equal((await service.exchange(nowhere)).status, 401)
  assert.deepEqual(await snapshot(service.database), before)
})

test('what was made with a secret that was replaced is refused, and with a previous one it is not', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const forged = [refreshTokenFrom(accessToken), resigned(accessToken, { jti: NOBODY })] as const
  const replaced = await startSecond(t, service, { current: NEXT, previous: [] })
  assert.equal((await replaced.refresh(forged[0])).status, 401)
  assert.equal((await replaced.exchange(forged[1])).status, 401)
  const kept = await startSecond(t, service, { current: NEXT, previous: [SECRET] })
  assert.equal((await kept.refresh(forged[0])).status, 200)
})

test('a copy of the database has no token, password or secret', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  await service.register()
  const first = await service.login()
  const second = (await service.refresh(first.refreshToken)).body.data
  const exchanged = (await service.exchange(second.access_token)).body.access_token
  const typed = PASSWORD.replaceAll(' ', '-')
  for (const name of ['ada', typed])
    assert.equal((await service.tryLogin('not the password', name)).status, 401)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const changed = (await service.request('/api/auth/password', { bearer: exchanged, json })).body.data
  const rows = JSON.stringify([
    await snapshot(service.database),
    await service.core.db.selectFrom('events').selectAll().execute(),
  ])
  const tokens = [first, second, changed].flatMap((grant) => Object.values(grant)).map(String)
  const found = [...tokens, exchanged].filter((token) => token.split('.').length === 3)
  assert.equal(found.length, 7)
  const parts = found.flatMap((token) => token.split('.').slice(1))
  const others = [PASSWORD, typed, 'not the password', json.new_password, SECRET.toString(), ADMIN_TOKEN]
  for (const text of [...parts, ...others]) assert.ok(!rows.includes(text), text)
  assert.ok(rows.includes('ada') && rows.includes('$argon2id$') && rows.includes('127.0.0.1'))
})

test('a copy of the database and the secret: each refresh token, byte for byte, and guesses at typed names', async (t) => {
  const { service, refreshToken } = await startWorld(t, { limits: LIMITS })
  assert.equal((await service.tryLogin('whatever', 'hunter2-by-mistake')).status, 401)
  const seconds = (time: number) => Math.floor(time / 1000)
  const row = await service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const made = signJwt(
    { alg: 'HS256', typ: 'rt+jwt' },
    {
      sub: row.user_id,
      sid: row.id,
      jti: `${row.id}.${row.generation}`,
      type: 'refresh',
      generation: row.generation,
      iat: seconds(row.rotated_at),
      exp: seconds(row.expires_at),
    },
  )
  assert.equal(made, refreshToken)
  assert.equal((await service.refresh(made)).status, 200)

  const keys = (await service.core.db.selectFrom('rate_limits').select('key').execute()).map(({ key }) => key)
  const key = (secret: Uint8Array) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'rekindle: names in rate limits', 32))
  const guess = (secret: Uint8Array, name: string) =>
    createHmac('sha256', key(secret)).update(name).digest('base64url')
  const isThere = (hash: string) => keys.some((text) => text.includes(hash))
  assert.ok(isThere(guess(SECRET, 'hunter2-by-mistake')))
  assert.ok(!isThere(guess(SECRET, 'hunter3-by-mistake')))
  assert.ok(!isThere(guess(NEXT, 'hunter2-by-mistake')))
})

test('who writes to the database sets a password, undoes an end, and deletes the events', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  const { db } = service.core
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.equal((await service.refresh(refreshToken)).status, 401)
  await db.updateTable('sessions').set({ revoked_at: null }).execute()
  assert.equal((await service.refresh(refreshToken)).status, 200)
  const password_hash = await createPasswords({ memory: 64, iterations: 1 }).hash('a thief’s password')
  await db.updateTable('users').set({ password_hash }).execute()
  assert.equal((await service.tryLogin('a thief’s password')).status, 200)
  await db.deleteFrom('events').execute()
  assert.deepEqual(await eventsOf(service), [])
})

testOnce(
  'the secret of the webhook: events that the receiver believes, and nothing at this service',
  async (t) => {
    const world = await startWorld(t)
    const { service } = world
    const receiver = await startReceiver(t)
    deliverFor(t, service, receiver.url)
    await until(() => receiver.received.length > 0, 'an event')
    const [real] = receiver.received
    assert.ok(real !== undefined)
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = real.headers
    const sign = (body: string) =>
      `v1,${createHmac('sha256', WEBHOOK_SECRET).update(`${id}.${time}.${body}`).digest('base64')}`
    // The signature is all that a receiver can check, so it believes whatever else is signed like this.
    assert.equal(sign(real.body), signature)
    assert.notEqual(sign(real.body.replace(real.event.type, 'user.deleted')), signature)

    const before = await snapshot(service.database)
    for (const endpoint of endpoints) {
      for (const kind of endpoint.kinds) {
        const token = kind === 'access' ? world.accessToken : world.refreshToken
        const forged = resigned(token, {}, {}, Buffer.from(WEBHOOK_SECRET))
        assert.equal((await endpoint.present(service, forged)).status, 401, endpoint.operation)
      }
    }
    assert.equal((await service.request('/admin/events', { bearer: WEBHOOK_SECRET })).status, 401)
    assert.deepEqual(await snapshot(service.database), before)
  },
)
