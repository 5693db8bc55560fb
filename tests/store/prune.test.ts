/** What pruning deletes and keeps, to the millisecond, and how. */

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Insertable } from 'kysely'
import type { Pruned } from '../../src/sessions/prune.ts'
import { pruneAll, startPruning } from '../../src/sessions/prune.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { pruneCounters, pruneRevokedTokens, pruneSessions } from '../../src/store/queries/prune.ts'
import { setPoints } from '../../src/store/queries/rate-limits.ts'
import type { Schema } from '../../src/store/schema.ts'
import { test } from '../support/database.ts'
import { DAY, MINUTE } from '../support/service.ts'
import { addUser, logIn, NOW, openContext, storedRows } from '../support/session-context.ts'
import { until } from '../support/until.ts'
import { addRevokedToken, addSession } from './rows.ts'

// A clock that is set back by less than an hour revives nothing.
const HOUR_AGO = NOW - 60 * MINUTE
// Grace, access token and exchange window: access tokens from before can no longer be exchanged.
const LAST_USE = HOUR_AGO - 30_000 - 30 * MINUTE - 1440 * MINUTE

type Row = Partial<Insertable<Schema['sessions']>>
const future = { absolute_expires_at: NOW + 90 * DAY }
const idle = { ...future, expires_at: HOUR_AGO, refreshed_at: LAST_USE }
const old = { expires_at: HOUR_AGO, absolute_expires_at: HOUR_AGO, refreshed_at: HOUR_AGO }
const revoked = { revoked_at: LAST_USE, revoked_reason: 'logout', refreshed_at: LAST_USE - 1 }

const sessions: readonly (readonly [what: string, fate: 'goes' | 'stays', row: Row])[] = [
  ['a living session', 'stays', {}],
  ['a living session that was never refreshed in weeks', 'stays', { refreshed_at: NOW - 29 * DAY }],
  ['idle for so long', 'goes', idle],
  ['idle for a millisecond less', 'stays', { ...idle, expires_at: HOUR_AGO + 1 }],
  ['idle, within the hour of slack', 'stays', { ...idle, expires_at: NOW }],
  ['idle, but its last access token can be exchanged', 'stays', { ...idle, refreshed_at: LAST_USE + 1 }],
  ['at its absolute deadline for so long, just exchanged', 'goes', old],
  ['at its absolute deadline for a millisecond less', 'stays', { ...old, absolute_expires_at: HOUR_AGO + 1 }],
  ['at its absolute deadline, within the slack', 'stays', { ...old, absolute_expires_at: NOW }],
  ['revoked for so long', 'goes', revoked],
  ['revoked for a millisecond less', 'stays', { ...revoked, revoked_at: LAST_USE + 1 }],
  ['revoked just now', 'stays', { ...revoked, revoked_at: NOW }],
  ['revoked long ago, its deadlines in the future', 'goes', { ...revoked, ...future }],
  ['revoked just now, but idle for so long', 'goes', { ...idle, revoked_at: NOW }],
]

test('the events of sessions that have expired are written when their rows go: once, and of no other session', async (t) => {
  const context = await openContext(t)
  const userId = await addUser(context.db)
  const [idleId, oldId] = [
    await addSession(context.db, userId, idle),
    await addSession(context.db, userId, old),
  ]
  // Revoked after its deadline, which wrote no event
  const late = await addSession(context.db, userId, { ...idle, revoked_at: NOW, revoked_reason: 'operator' })
  for (const row of [{}, revoked]) await addSession(context.db, userId, row)
  const both = [pruneAll(context), pruneAll(context)]
  await Promise.all(both)
  await pruneAll(context)
  const events = await context.db
    .selectFrom('events')
    .selectAll()
    .where('name', '=', 'session.expired')
    .execute()
  assert.deepEqual(
    events.map((event) => [event.session_id, event.user_id, event.reason, event.occurred_at]).sort(),
    [
      [idleId, userId, 'idle', HOUR_AGO],
      [late, userId, 'idle', HOUR_AGO],
      [oldId, userId, 'max_age', HOUR_AGO],
    ].sort(),
  )
})

for (const [what, fate, row] of sessions) {
  test(`a session, ${what}: ${fate}`, async (t) => {
    const context = await openContext(t)
    const id = await addSession(context.db, await addUser(context.db), row)
    await addRevokedToken(context.db, id, NOW + DAY)
    const pruned = await pruneAll(context)
    assert.deepEqual(pruned, {
      sessions: fate === 'goes' ? 1 : 0,
      revokedTokens: 0,
      events: 0,
    })
    const left = await storedRows(context.db)
    assert.deepEqual(
      left.sessions.map((session) => session.id),
      fate === 'goes' ? [] : [id],
    )
    assert.equal(left.revokedTokens.length, 1, 'its tokens go at their own time')
    assert.equal(left.users.length, 1)
  })
}

for (const [what, fate, expiresAt] of [
  ['past its window for an hour', 'goes', HOUR_AGO],
  ['past its window for a millisecond less', 'stays', HOUR_AGO + 1],
  ['past its window, within the slack', 'stays', NOW],
  ['within its window', 'stays', NOW + 1],
] as const) {
  test(`a revoked token, ${what}: ${fate}`, async (t) => {
    const context = await openContext(t)
    const session = await addSession(context.db, await addUser(context.db))
    const jti = await addRevokedToken(context.db, session, expiresAt)
    assert.deepEqual(await pruneAll(context), {
      sessions: 0,
      revokedTokens: fate === 'goes' ? 1 : 0,
      events: 0,
    })
    const left = await storedRows(context.db)
    assert.deepEqual(
      left.revokedTokens.map((token) => token.jti),
      fate === 'goes' ? [] : [jti],
    )
    assert.equal(left.sessions.length, 1)
  })
}

test('in batches, each no larger than asked for; then all; then nothing', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const user = await addUser(db)
  await db.transaction().execute(async (trx) => {
    const living = await addSession(trx, user)
    for (let count = 0; count < 450; count++) {
      await addSession(trx, user, idle)
      await addSession(trx, user, revoked)
      await addRevokedToken(trx, living, HOUR_AGO)
      await setPoints(trx, { key: `counter ${count}`, points: 1, expiresAt: HOUR_AGO })
    }
    await setPoints(trx, { key: 'of the next hour', points: 1, expiresAt: HOUR_AGO + 1 })
  })
  const { worked, ...once } = await pruneSessions(db, {
    now: HOUR_AGO,
    idleCutoff: LAST_USE,
    batch: 100,
  })
  assert.deepEqual(once, { gone: 200, kept: 0 })
  assert.ok(worked > 0, 'and says how long it took')
  for (const { worked: _, ...each } of [
    await pruneRevokedTokens(db, HOUR_AGO, 100),
    await pruneCounters(db, HOUR_AGO, 100),
  ])
    assert.deepEqual(each, { gone: 100, kept: 0 })
  const left = await storedRows(db)
  assert.deepEqual([left.sessions.length, left.revokedTokens.length], [1 + 900 - 200, 350])

  assert.deepEqual(await pruneAll(context), { sessions: 700, revokedTokens: 350, events: 0 })
  const living = await storedRows(db)
  assert.deepEqual([living.sessions.length, living.revokedTokens.length], [1, 0])
  const counters = await db.selectFrom('rate_limits').select('key').execute()
  assert.deepEqual(counters, [{ key: 'of the next hour' }])
  assert.deepEqual(await pruneAll(context), { sessions: 0, revokedTokens: 0, events: 0 })
  assert.deepEqual(await storedRows(db), living)
})

test('a session that lives on comes up once for each of its deadlines, and goes after the last one', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const { refreshToken, session } = await logIn(context, await addUser(db))
  const nextLook = async () => (await storedRows(db)).sessions.map((row) => row.prune_at)
  assert.deepEqual(await nextLook(), [session.expiresAt])
  const lookAt = (now: number) => pruneSessions(db, { now, idleCutoff: now - DAY, batch: 10 })

  const deadline = session.expiresAt
  const atDeadline = { ...context, now: () => deadline - MINUTE }
  const result = await refresh(atDeadline, refreshToken, () => OPERATOR)
  assert.ok(result.outcome === 'rotated')
  assert.deepEqual(await nextLook(), [deadline], 'no rotation moves it')
  assert.equal((await lookAt(deadline - 1)).kept, 0, 'it is not due')
  assert.equal((await lookAt(deadline)).kept, 1)
  assert.deepEqual(await nextLook(), [result.session.expiresAt])
  assert.equal((await lookAt(deadline)).kept, 0, 'and not again')

  // Not only the idle deadline: the access token can be exchanged for a day after the last refresh.
  await db
    .updateTable('sessions')
    .set({ refreshed_at: result.session.expiresAt - MINUTE })
    .execute()
  assert.equal((await lookAt(result.session.expiresAt)).kept, 1)
  const last = result.session.expiresAt - MINUTE + DAY
  assert.deepEqual(await nextLook(), [last])
  // But the absolute deadline ends that as well.
  await db
    .updateTable('sessions')
    .set({ prune_at: 0, absolute_expires_at: last - 1 })
    .execute()
  assert.equal((await lookAt(result.session.expiresAt)).kept, 1)
  assert.deepEqual(await nextLook(), [last - 1])
  const { kept, gone } = await lookAt(last)
  assert.deepEqual([kept, gone], [0, 1])
})

test('sessions of a version that knew no time to look at them: all are looked at, in batches', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const user = await addUser(db)
  await db.transaction().execute(async (trx) => {
    for (let count = 0; count < 250; count++) await addSession(trx, user, { prune_at: 0 })
    for (let count = 0; count < 250; count++) await addSession(trx, user, { ...idle, prune_at: 0 })
  })
  const once = await pruneSessions(db, { now: HOUR_AGO, idleCutoff: LAST_USE, batch: 100 })
  assert.ok(once.kept <= 100 && once.gone <= 100 && once.kept + once.gone >= 100)
  assert.equal((await pruneAll(context)).sessions + once.gone, 250)
  const left = await storedRows(db)
  assert.equal(left.sessions.length, 250)
  for (const row of left.sessions) assert.equal(row.prune_at, row.expires_at)
})

test('a service that stops does not wait for the rest', async (t) => {
  const context = await openContext(t)
  const user = await addUser(context.db)
  await context.db.transaction().execute(async (trx) => {
    for (let count = 0; count < 900; count++) await addSession(trx, user, idle)
  })
  const told: Pruned[] = []
  const log = { info: (pruned: Pruned) => void told.push(pruned), error: () => assert.fail() }
  const left = async () => (await storedRows(context.db)).sessions.length
  const stop = startPruning(context, 1, log)
  await until(async () => (await left()) < 900, 'a batch', { every: 1 })
  await stop()
  const gone = told[0]?.sessions ?? 0
  assert.ok(gone > 0 && gone < 900, `${gone} went`)
  assert.equal(await left(), 900 - gone)
  assert.deepEqual(await pruneAll(context, { signal: AbortSignal.abort() }), {
    sessions: 0,
    revokedTokens: 0,
    events: 0,
  })
})

test('refreshes go on meanwhile, and lose nothing', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const user = await addUser(db)
  await db.transaction().execute(async (trx) => {
    for (let count = 0; count < 3000; count++) await addSession(trx, user, idle)
  })
  let { refreshToken, session } = await logIn(context, user)
  let isPruning = true
  const pruning = pruneAll(context).finally(() => {
    isPruning = false
  })
  let refreshes = 0
  while (isPruning) {
    const result = await refresh(context, refreshToken, () => OPERATOR)
    assert.ok(result.outcome === 'rotated' && result.refreshToken !== undefined, result.outcome)
    refreshToken = result.refreshToken
    session = result.session
    refreshes++
    // The same pause as between two requests: on SQLite all of the above waits only for the disk.
    await turn()
  }
  assert.deepEqual(await pruning, { sessions: 3000, revokedTokens: 0, events: 0 })
  assert.ok(refreshes > 1, 'pruning takes a breath after each of its batches')
  const left = await storedRows(db)
  assert.deepEqual(
    left.sessions.map(({ id, generation }) => [id, generation]),
    [[session.id, refreshes]],
  )
})
