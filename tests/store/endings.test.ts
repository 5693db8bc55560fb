/** All sessions of a user with very many end at once, whenever the process dies. Their rows are written later. */

import assert from 'node:assert/strict'
import { authenticate } from '../../src/sessions/authenticate.ts'
import { exchange } from '../../src/sessions/exchange.ts'
import { allActiveSessions } from '../../src/sessions/list.ts'
import { mintAccess, mintRefreshToken } from '../../src/sessions/mint.ts'
import { pruneAll } from '../../src/sessions/prune.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { endAllSessions, logout } from '../../src/sessions/revoke.ts'
import { SLICE } from '../../src/store/queries/endings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import type { StartedSession } from '../../src/store/queries/password-changes.ts'
import { replacePassword, updatePassword } from '../../src/store/queries/password-changes.ts'
import { activateUser, deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { connect, test } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'
import { addSessions } from './rows.ts'

const VERY_MANY = 3 * SLICE + 7

type Grant = Awaited<ReturnType<typeof logIn>>

/** While it is in place, no row of a session can be ended or deleted: as if the process died before it could. */
async function withoutWrites<T>({ database }: StoreContext, work: () => Promise<T>): Promise<T> {
  const past = await connect(database)
  const [create, drop] =
    database.dialect === 'sqlite'
      ? [
          `create trigger dead before update of revoked_at on sessions begin select raise(abort, 'dead'); end;`,
          'drop trigger dead',
        ]
      : [
          `create function dead() returns trigger language plpgsql as $$ begin raise 'dead'; end $$;
           create trigger dead before update of revoked_at on sessions for each row execute function dead()`,
          'drop trigger dead on sessions; drop function dead',
        ]
  await past.query(create)
  try {
    return await work()
  } finally {
    await past.query(drop)
    await past.close()
  }
}

const change = (userId: string, sessionId: string, newHash = 'another') => ({
  userId,
  sessionId,
  oldHash: 'a hash',
  newHash,
  generation: 0,
  now: NOW,
  expiresAt: NOW + 60_000,
})

async function hoarder(t: Parameters<typeof openContext>[0]) {
  const context = await openContext(t, { sessionsPerUser: 10_000 })
  const userId = await addUser(context.db)
  await addSessions(context.db, userId, VERY_MANY)
  const grant = await logIn(context, userId)
  return { context, userId, grant }
}

/** Nothing that belongs to the session does anything. */
async function assertOver(context: StoreContext, { refreshToken, accessToken, session }: Grant) {
  const { userId, id: sessionId } = session
  const outcomes = [
    await refresh(context, refreshToken, () => OPERATOR),
    await refresh(
      { ...context, settings: { ...context.settings, rotation: false } },
      refreshToken,
      () => OPERATOR,
    ),
    ...(await Promise.all([1, 2].map(() => refresh(context, refreshToken, () => OPERATOR)))),
    await exchange(context, accessToken, () => OPERATOR),
    await authenticate(context, accessToken),
    await logout(context, accessToken, OPERATOR),
  ].map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, [...Array(6).fill('revoked'), 'over_already'])
  assert.equal(await updatePassword(context.db, change(userId, sessionId), OPERATOR), undefined)
}

async function assertLives(
  context: StoreContext,
  { refreshToken, accessToken }: Pick<Grant, 'refreshToken' | 'accessToken'>,
) {
  assert.equal((await authenticate(context, accessToken)).outcome, 'authenticated')
  assert.equal((await exchange(context, accessToken, () => OPERATOR)).outcome, 'exchanged')
  const { outcome } = await refresh(context, refreshToken, () => OPERATOR)
  assert.equal(outcome, 'rotated')
}

const unrevoked = async ({ db }: StoreContext) =>
  (await db.selectFrom('sessions').select('id').where('revoked_at', 'is', null).execute()).map(({ id }) => id)

const reasons = async ({ db }: StoreContext) =>
  new Set(
    (await db.selectFrom('sessions').select(['revoked_reason as reason', 'revoked_at as at']).execute()).map(
      ({ reason, at }) => `${reason} ${at}`,
    ),
  )

const pending = async ({ db }: StoreContext) =>
  (await db.selectFrom('users').select('id').where('ending_at', 'is not', null).execute()).length

const logoutAll = (context: StoreContext, userId: string) =>
  endAllSessions(context, { userId, reason: 'logout_all', origin: OPERATOR })

test('the process dies before a row is written: all are over, and pruning writes the rows', async (t) => {
  const { context, userId, grant } = await hoarder(t)
  await withoutWrites(context, async () => {
    const { events } = await logoutAll(context, userId)
    assert.deepEqual(events, [{ name: 'sessions.revoked', userId, reason: 'logout_all' }])
    assert.equal((await unrevoked(context)).length, VERY_MANY + 1)
    await assertOver(context, grant)
    assert.deepEqual(await allActiveSessions(context, userId), [])
  })
  context.clock.now += 1000
  await pruneAll(context)
  assert.deepEqual(await unrevoked(context), [])
  assert.deepEqual(await reasons(context), new Set([`logout_all ${NOW}`]))
  assert.equal(await pending(context), 0)
})

test('a login while the rows are not written: it lives, also when they are, and ends with the next ending', async (t) => {
  const { context, userId } = await hoarder(t)
  const later = await withoutWrites(context, async () => {
    await logoutAll(context, userId)
    const opened = await logIn(context, userId)
    await assertLives(context, opened)
    assert.deepEqual(
      (await allActiveSessions(context, userId)).map(({ id }) => id),
      [opened.session.id],
    )
    const doomed = await logIn(context, userId)
    await logoutAll(context, userId)
    await assertOver(context, doomed)
    return logIn(context, userId)
  })
  await pruneAll(context)
  await assertLives(context, later)
  assert.deepEqual(await unrevoked(context), [later.session.id])
})

test('a password change spares its own session, and only it, when the process dies as well', async (t) => {
  const { context, userId, grant } = await hoarder(t)
  const other = await logIn(context, userId)
  let anew: StartedSession | undefined
  await withoutWrites(context, async () => {
    const changed = await updatePassword(context.db, change(userId, grant.session.id), OPERATOR)
    assert.ok(changed)
    assert.deepEqual(
      changed.events.map(({ name }) => name),
      ['password.changed', 'sessions.revoked'],
    )
    await assertOver(context, other)
    anew = changed.session
  })
  await pruneAll(context)
  assert.ok(anew)
  assert.equal((await authenticate(context, grant.accessToken)).outcome, 'superseded')
  const access = mintAccess(context, anew, context.now())
  await assertLives(context, { ...access, refreshToken: mintRefreshToken(context, anew, OPERATOR) })
  assert.deepEqual(await unrevoked(context), [grant.session.id])
})

test('an operator sets a password and the process dies: all are over, and the old hash is gone', async (t) => {
  const { context, userId, grant } = await hoarder(t)
  await withoutWrites(context, async () => {
    const ended = await replacePassword(context.db, { userId, newHash: 'another', now: NOW }, OPERATOR)
    assert.deepEqual(
      ended?.events.map(({ name, reason }) => [name, reason]),
      [
        ['password.changed', 'operator'],
        ['sessions.revoked', 'password'],
      ],
    )
    await assertOver(context, grant)
    assert.deepEqual(await allActiveSessions(context, userId), [])
  })
  await pruneAll(context)
  assert.deepEqual(await unrevoked(context), [])
  const hashes = await context.db.selectFrom('users').select('password_hash').execute()
  assert.deepEqual(
    hashes.map(({ password_hash }) => password_hash),
    ['another'],
  )
})

test('deactivated, the process dies, activated: nothing is back', async (t) => {
  const { context, userId, grant } = await hoarder(t)
  await withoutWrites(context, () => deactivateUser(context.db, userId, NOW, OPERATOR))
  await activateUser(context.db, userId, NOW, OPERATOR)
  await assertOver(context, grant)
})

test('the process dies in the middle of a deletion: no session is left, and the deletion can be repeated', async (t) => {
  const { context, userId, grant } = await hoarder(t)
  const past = await connect(context.database)
  await past.query(
    context.database.dialect === 'sqlite'
      ? `create trigger dead before delete on sessions begin select raise(abort, 'dead'); end`
      : `create function dead() returns trigger language plpgsql as $$ begin raise 'dead'; end $$;
         create trigger dead before delete on sessions for each row execute function dead()`,
  )
  await assert.rejects(deleteUser(context.db, userId, NOW, OPERATOR), /dead/)
  const refused = await refresh(context, grant.refreshToken, () => OPERATOR)
  assert.equal(refused.outcome, 'inactive_user')
  assert.deepEqual(await allActiveSessions(context, userId), [])
  await past.query(
    context.database.dialect === 'sqlite' ? 'drop trigger dead' : 'drop trigger dead on sessions',
  )
  await past.close()
  assert.deepEqual(
    (await deleteUser(context.db, userId, NOW, OPERATOR))?.map(({ name }) => name),
    ['user.deleted'],
  )
  assert.equal((await refresh(context, grant.refreshToken, () => OPERATOR)).outcome, 'unknown_user')
  assert.deepEqual(await context.db.selectFrom('sessions').select('id').execute(), [])
})

test('twenty at once: every session ends once, and nothing is left to do', async (t) => {
  const { context, userId } = await hoarder(t)
  const results = await Promise.all(Array.from({ length: 20 }, () => logoutAll(context, userId)))
  assert.equal(
    results.reduce((sum, { endedSessions }) => sum + endedSessions, 0),
    VERY_MANY + 1,
  )
  assert.deepEqual(await unrevoked(context), [])
  assert.equal(await pending(context), 0)
})

test('refreshes in flight while all sessions end: no token of them is good afterwards', async (t) => {
  const { context, userId } = await hoarder(t)
  const grants = [await logIn(context, userId), await logIn(context, userId), await logIn(context, userId)]
  await withoutWrites(context, async () => {
    const [refreshed] = await Promise.all([
      Promise.all(grants.map(({ refreshToken }) => refresh(context, refreshToken, () => OPERATOR))),
      logoutAll(context, userId),
    ])
    for (const result of refreshed) {
      if (result.outcome !== 'rotated') continue
      assert.equal((await authenticate(context, result.accessToken)).outcome, 'revoked')
      const again = await refresh(context, result.refreshToken ?? '', () => OPERATOR)
      assert.equal(again.outcome, 'revoked')
    }
  })
})

test('a process of the previous version opens sessions without an epoch: they live', async (t) => {
  const { context, userId } = await hoarder(t)
  await logoutAll(context, userId)
  const grant = await logIn(context, userId)
  await context.db.updateTable('sessions').set({ epoch: 0 }).where('id', '=', grant.session.id).execute()
  await assertLives(context, grant)
})
