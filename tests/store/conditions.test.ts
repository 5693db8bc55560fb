/**
 * Each condition of the deciding statements, alone. Tokens contain the deadlines too, and a deactivation ends all
 * sessions, so from outside one check hides another. Here each has to hold by itself.
 */
import assert from 'node:assert/strict'
import type { Insertable } from 'kysely'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { claimToken } from '../../src/store/queries/exchanges.ts'
import { findPassword, updatePassword } from '../../src/store/queries/password-changes.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { rotateSession, touchSession } from '../../src/store/queries/sessions.ts'
import type { Database, Schema } from '../../src/store/schema.ts'
import { test } from '../support/database.ts'
import { MINUTE } from '../support/service.ts'
import { addUser, FROM, NOW, openContext, storedRows } from '../support/session-context.ts'
import { addSession } from './rows.ts'

interface Scene {
  readonly session?: Partial<Insertable<Schema['sessions']>>
  readonly isInactive?: boolean
  readonly isAnotherUser?: boolean
  readonly generation?: number
  readonly issuedAt?: number
  readonly confined?: number
  readonly jkt?: string
}

const GENERATION = 3
const IDLE = 30 * MINUTE
const NOW_SECOND = NOW - (NOW % 1000)

const refusals: Readonly<Record<string, Scene>> = {
  'a revoked session': { session: { revoked_at: NOW } },
  'a session at its absolute deadline': { session: { absolute_expires_at: NOW } },
  'a session of an inactive user': { isInactive: true },
  'a session of another user': { isAnotherUser: true },
  'a session that is bound to a device': { session: { device_key: 'a key', bound_at: NOW } },
  'a session that is bound to a device and a key, with the key alone': {
    session: { device_key: 'a key', bound_at: NOW, jkt: 'key' },
    jkt: 'key',
  },
  'a session that is bound to a key, without a proof': { session: { jkt: 'key' } },
  'a session that is bound to a key, with another one': { session: { jkt: 'key' }, jkt: 'other' },
}
const refreshRefusals: Readonly<Record<string, Scene>> = {
  ...refusals,
  'a session at its idle deadline': { session: { expires_at: NOW } },
  'the generation before': { generation: GENERATION - 1 },
  'the generation after': { generation: GENERATION + 1 },
  // NOW is in the middle of a second, and the token contains that second.
  'the same generation of a second before': { issuedAt: NOW_SECOND - 1000 },
  'the same generation of a second after': { issuedAt: NOW_SECOND + 1000 },
  'the same generation, rotated at the end of the second before': { session: { rotated_at: NOW_SECOND - 1 } },
  'the same generation, rotated in the next second': { session: { rotated_at: NOW_SECOND + 1000 } },
}

async function set(db: Database, scene: Scene) {
  const owner = await addUser(db, 'ada')
  const another = await addUser(db, 'bob')
  const sessionId = await addSession(db, owner, { generation: GENERATION, ...scene.session })
  if (scene.isInactive) {
    await db.updateTable('users').set({ deactivated_at: NOW }).where('id', '=', owner).execute()
  }
  const userId = scene.isAnotherUser ? another : owner
  const { generation = GENERATION, issuedAt = NOW_SECOND } = scene
  return {
    ...FROM,
    sessionId,
    userId,
    generation,
    issuedAt,
    now: NOW,
    lineage: 'a lineage',
    jkt: scene.jkt ?? '',
  }
}

for (const [what, scene] of Object.entries(refreshRefusals)) {
  test(`${what}: neither rotated nor touched`, async (t) => {
    const { db } = await openContext(t)
    const presented = await set(db, scene)
    const before = await storedRows(db)
    assert.equal(await rotateSession(db, presented, IDLE), undefined)
    assert.equal(await touchSession(db, presented), undefined)
    assert.deepEqual(await storedRows(db), before)
  })
}

// Two rotations in one turn of the event loop are one statement on PostgreSQL, which has to refuse only one of them.
for (const [what, scene] of Object.entries(refreshRefusals)) {
  test(`${what}, beside a session that is rotated: refused all the same`, async (t) => {
    const { db } = await openContext(t)
    const presented = await set(db, scene)
    const userId = await addUser(db, 'eve')
    const sessionId = await addSession(db, userId)
    const good = { ...presented, sessionId, userId, generation: 0, issuedAt: NOW_SECOND }
    const others = async () => (await storedRows(db)).sessions.filter(({ id }) => id !== sessionId)
    const before = await others()
    const [refused, rotated] = await Promise.all([presented, good].map((one) => rotateSession(db, one, IDLE)))
    assert.equal(refused, undefined)
    assert.deepEqual([rotated?.id, rotated?.generation], [sessionId, 1])
    assert.deepEqual(await others(), before)
  })
}

const bound = { session: { device_key: 'a key', bound_at: NOW } }
const proofs = {
  'with a proof of its device': { deviceKey: 'a key' },
  'bound after the request was sent': { bindingsUntil: NOW - 1 },
  'while bindings do not count': { bindingsUntil: -1 },
}

for (const [what, proof] of Object.entries(proofs)) {
  test(`a bound session, ${what}: rotated, touched and exchanged`, async (t) => {
    const { db } = await openContext(t)
    const presented = { ...(await set(db, bound)), ...proof }
    assert.ok(await touchSession(db, presented))
    assert.ok(await claimToken(db, { ...claimOf(presented), ...proof }))
    assert.ok(await rotateSession(db, presented, IDLE))
  })
}

const claimOf = (
  { sessionId, userId }: { sessionId: string; userId: string },
  { confined = 0, jkt = '' }: Scene = {},
) => ({
  ...FROM,
  jti: 'a token',
  sessionId,
  userId,
  generation: GENERATION,
  confined,
  jkt,
  announced: 0,
  grace: 0,
  now: NOW,
  expiresAt: NOW + 60 * MINUTE,
  successorExpiresAt: NOW + 30 * MINUTE,
})

const exchangeRefusals: Readonly<Record<string, Scene>> = {
  ...refusals,
  'a session that has started anew since': { session: { start_generation: GENERATION + 1 } },
  'a session that was rotated, confined': { confined: 1 },
  'a session in cookie mode, confined': {
    session: { start_generation: GENERATION, cookie_at: NOW },
    confined: 1,
  },
}

for (const [what, scene] of Object.entries(exchangeRefusals)) {
  test(`${what}: no token of it is exchanged`, async (t) => {
    const { db } = await openContext(t)
    const presented = await set(db, scene)
    const before = await storedRows(db)
    assert.equal(await claimToken(db, claimOf(presented, scene)), undefined)
    assert.deepEqual(await storedRows(db), before)
  })
}

// Two exchanges in one turn of the event loop are claimed together on SQLite, and only one of them is refused.
for (const [what, scene] of Object.entries(exchangeRefusals)) {
  test(`${what}, beside a session whose token is exchanged: refused all the same`, async (t) => {
    const { db } = await openContext(t)
    const presented = await set(db, scene)
    const userId = await addUser(db, 'eve')
    const sessionId = await addSession(db, userId)
    const others = async () => (await storedRows(db)).sessions.filter(({ id }) => id !== sessionId)
    const before = await others()
    const good = { ...claimOf({ sessionId, userId }), jti: 'another token' }
    const [refused, claimed] = await Promise.all(
      [claimOf(presented, scene), good].map((claim) => claimToken(db, claim)),
    )
    assert.equal(refused, undefined)
    assert.equal(claimed?.revokedAt, NOW)
    assert.deepEqual(await others(), before)
    assert.deepEqual(
      (await storedRows(db)).revokedTokens.map(({ jti }) => jti),
      ['another token'],
    )
  })
}

test('a rotation: what moves and what stays', async (t) => {
  const { db } = await openContext(t)
  const presented = await set(db, { session: { expires_at: NOW + 1, absolute_expires_at: NOW + IDLE } })
  const [before] = (await storedRows(db)).sessions
  const row = await rotateSession(db, { ...presented, now: NOW - 5 }, IDLE)
  const [after] = (await storedRows(db)).sessions
  const moved = {
    ...{ generation: GENERATION + 1, rotated_at: NOW - 5, refreshed_at: NOW - 5, refresh_count: 1 },
    lineage: presented.lineage,
    shown: `${NOW} 0 ${NOW + 1} =`,
  }
  assert.deepEqual(after, { ...before, ...moved, expires_at: NOW - 5 + IDLE })
  assert.deepEqual(
    [row?.generation, row?.rotatedAt, row?.expiresAt],
    [GENERATION + 1, NOW - 5, NOW - 5 + IDLE],
  )
  await rotateSession(db, { ...presented, generation: GENERATION + 1, now: NOW + 1 }, IDLE)
  assert.equal((await storedRows(db)).sessions[0]?.expires_at, NOW + IDLE, 'never past the absolute deadline')
})

test('a refresh without rotation moves neither the generation nor a deadline', async (t) => {
  const { db } = await openContext(t)
  const presented = await set(db, {})
  const [before] = (await storedRows(db)).sessions
  await touchSession(db, { ...presented, now: NOW + 7 })
  const touched = { refreshed_at: NOW + 7, refresh_count: 1, shown: `${NOW} 0 ${before?.expires_at} =` }
  assert.deepEqual((await storedRows(db)).sessions, [{ ...before, ...touched }])
})

test('confined: a session that only exchanges have continued since it started is exchanged', async (t) => {
  const { db } = await openContext(t)
  const scene = { session: { start_generation: GENERATION }, confined: 1 }
  const presented = await set(db, scene)
  assert.equal((await claimToken(db, claimOf(presented, scene)))?.revokedAt, NOW)
})

test('a token is claimed once; its successor ends with the session at the latest', async (t) => {
  const { db } = await openContext(t)
  const presented = await set(db, { session: { absolute_expires_at: NOW + MINUTE } })
  const claim = claimOf(presented)
  assert.partialDeepStrictEqual(await claimToken(db, claim), {
    revokedAt: NOW,
    successorExpiresAt: NOW + MINUTE,
  })
  const once = await storedRows(db)
  assert.equal(once.revokedTokens[0]?.expires_at, claim.expiresAt)
  assert.deepEqual([once.sessions[0]?.refreshed_at, once.sessions[0]?.refresh_count], [NOW, 1])
  assert.equal(await claimToken(db, { ...claim, now: NOW + 1 }), undefined)
  assert.deepEqual(await storedRows(db), once)
})

test('the reuse of a token from before a password change ends nothing', async (t) => {
  const { db } = await openContext(t)
  const { sessionId } = await set(db, { session: { start_generation: GENERATION } })
  const reuse = { sessionId, reason: 'reuse', now: NOW, origin: OPERATOR } as const
  const before = await storedRows(db)
  assert.deepEqual(await revokeSession(db, { ...reuse, generation: GENERATION - 1 }), [])
  assert.deepEqual(await storedRows(db), before)
  assert.notDeepEqual(await revokeSession(db, { ...reuse, generation: GENERATION }), [])
})

test('a password that was replaced meanwhile is not replaced again', async (t) => {
  const { db } = await openContext(t)
  const presented = await set(db, {})
  const oldHash = (await findPassword(db, presented.userId))?.passwordHash ?? ''
  const change = { ...presented, oldHash, newHash: 'a new hash', expiresAt: NOW + IDLE }
  const before = await storedRows(db)
  assert.equal(await updatePassword(db, { ...change, oldHash: 'another hash' }, OPERATOR), undefined)
  assert.deepEqual(await storedRows(db), before)
  assert.ok(await updatePassword(db, change, OPERATOR))
})
