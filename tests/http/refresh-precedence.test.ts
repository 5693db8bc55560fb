/**
 * `POST /refresh_token` checks in this order: missing → unreadable, not authentic, of another kind → expired → unknown
 * user → inactive user → session and generation. Each test presents a token that is wrong in several ways at once.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { sql } from 'kysely'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { snapshot, test } from '../support/database.ts'
import { DAY } from '../support/service.ts'
import { resigned } from '../support/tokens.ts'
import type { World } from '../support/world.ts'
import { forge, startWorld } from '../support/world.ts'

const ANSWERS = {
  missing: [401, 'Refresh token missing.'],
  invalid: [401, 'Invalid refresh token.'],
  expired: [401, 'Refresh token has expired.'],
  unknown: [404, 'User not found.'],
  inactive: [403, 'User is inactive.'],
} as const

async function answers(world: World, token: string | undefined, expected: keyof typeof ANSWERS) {
  const [code, message] = ANSWERS[expected]
  const before = await snapshot(world.service.database)
  const answer = await world.service.request('/refresh_token', { method: 'POST', bearer: token })
  assert.deepEqual([answer.status, answer.body], [code, { status: 'error', code, message }])
  const challenge =
    token === undefined ? 'Bearer realm="rekindle"' : 'Bearer realm="rekindle", error="invalid_token"'
  assert.equal(answer.headers.get('WWW-Authenticate'), code === 401 ? challenge : null)
  assert.deepEqual(await snapshot(world.service.database), before)
}

/** Changes the row of the session directly, to reach states that take months otherwise. */
const setSession = ({ service }: World, column: string, value: number) =>
  sql`update sessions set ${sql.ref(column)} = ${value}`.execute(service.core.db)

const inactive = ({ service, user }: World) =>
  deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR)
const gone = ({ service, user }: World) => deleteUser(service.core.db, user.id, Date.now(), OPERATOR)
const revoked = (world: World) => setSession(world, 'revoked_at', world.service.clock.now)
const idle = (world: World) => setSession(world, 'expires_at', world.service.clock.now - 1)
const old = (world: World) => setSession(world, 'absolute_expires_at', world.service.clock.now - 1)
const rotatedTwice = (world: World) => setSession(world, 'generation', 2)

const expired = (world: World) =>
  resigned(world.refreshToken, { exp: Math.floor(world.service.clock.now / 1000) })

const start = (t: TestContext) => startWorld(t)

test('missing: no header, another scheme, a scheme alone', async (t) => {
  const world = await start(t)
  await gone(world)
  await answers(world, undefined, 'missing')
  for (const Authorization of ['', 'Bearer', 'Bearer ', `Basic ${btoa('ada:x')}`, world.refreshToken]) {
    const answer = await world.service.request('/refresh_token', {
      method: 'POST',
      headers: { Authorization },
    })
    assert.deepEqual([answer.status, answer.body.message], [...ANSWERS.missing])
  }
})

test('the scheme counts in any case', async (t) => {
  const { service, refreshToken } = await start(t)
  for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
    const headers = { Authorization: `${scheme} ${refreshToken}` }
    assert.equal((await service.request('/refresh_token', { method: 'POST', headers })).status, 200)
  }
})

test('not authentic comes before expired, unknown user, inactive user and the session', async (t) => {
  const world = await start(t)
  const forged = forge(expired(world))
  await answers(world, forged, 'invalid')
  await revoked(world)
  await answers(world, forged, 'invalid')
  await inactive(world)
  await answers(world, forged, 'invalid')
  await gone(world)
  await answers(world, forged, 'invalid')
})

test('expired comes before unknown user, inactive user and the session', async (t) => {
  const world = await start(t)
  const token = expired(world)
  await answers(world, token, 'expired')
  await rotatedTwice(world)
  await answers(world, token, 'expired')
  await revoked(world)
  await answers(world, token, 'expired')
  await inactive(world)
  await answers(world, token, 'expired')
  await gone(world)
  await answers(world, token, 'expired')
})

test('expired at its very second, good before it', async (t) => {
  const world = await start(t)
  const exp = Math.floor((world.service.clock.now + 10_000) / 1000)
  const token = resigned(world.refreshToken, { exp })
  world.service.clock.now = exp * 1000
  await answers(world, token, 'expired')
  world.service.clock.now -= 1
  assert.equal((await world.service.refresh(token)).status, 200)
})

test('unknown user: 404 whatever the session is', async (t) => {
  const world = await start(t)
  const second = await world.service.login()
  await world.service.request('/api/auth/logout', { method: 'POST', bearer: second.refreshToken })
  const stranger = { sub: randomUUID() }
  // Sessions of another user: active, revoked, expired and rotated, and one that does not exist.
  await answers(world, resigned(world.refreshToken, stranger), 'unknown')
  await answers(world, resigned(second.refreshToken, stranger), 'unknown')
  for (const change of [rotatedTwice, idle, old, revoked, inactive]) {
    await change(world)
    await answers(world, resigned(world.refreshToken, stranger), 'unknown')
  }
  await answers(world, resigned(world.refreshToken, { ...stranger, sid: randomUUID() }), 'unknown')
  await gone(world)
  for (const token of [world.refreshToken, second.refreshToken]) await answers(world, token, 'unknown')
  await answers(world, resigned(world.refreshToken, { generation: 7 }), 'unknown')
})

for (const [name, change] of Object.entries({ revoked, idle, old, rotatedTwice })) {
  test(`inactive user: 403 also when the session is ${name}, and nothing is revoked anew`, async (t) => {
    const world = await start(t)
    await change(world)
    await inactive(world)
    await answers(world, world.refreshToken, 'inactive')
    await answers(world, resigned(world.refreshToken, { generation: 7 }), 'inactive')
    await answers(world, resigned(world.refreshToken, { sid: randomUUID() }), 'inactive')
  })
}

test('the session last: unknown, revoked, past a deadline', async (t) => {
  const world = await start(t)
  await answers(world, resigned(world.refreshToken, { sid: randomUUID() }), 'invalid')
  await idle(world)
  await answers(world, world.refreshToken, 'expired')
  await setSession(world, 'expires_at', world.service.clock.now + DAY)
  await old(world)
  await answers(world, world.refreshToken, 'expired')
  await revoked(world)
  await answers(world, world.refreshToken, 'invalid')
})

test('a session of one user with the name of another: neither is told anything, nothing is revoked', async (t) => {
  const world = await start(t)
  const bob = await world.service.register('bob')
  await rotatedTwice(world)
  await answers(world, resigned(world.refreshToken, { sub: bob.id }), 'invalid')
})
