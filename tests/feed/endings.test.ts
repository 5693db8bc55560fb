/** Every way in which a session or a token ends is in the feed, in the transaction of the ending. */
import assert from 'node:assert/strict'
import { CLOCK_SKEW } from '../../src/clock.ts'
import { createFeed } from '../../src/feed/feed.ts'
import { authenticate } from '../../src/sessions/authenticate.ts'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { endAllSessions, endEverySession, endSession, logout } from '../../src/sessions/revoke.ts'
import { SLICE } from '../../src/store/queries/endings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import type { FeedEntry } from '../../src/store/queries/feed.ts'
import { replacePassword, updatePassword } from '../../src/store/queries/password-changes.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { deleteAccount } from '../../src/users/delete.ts'
import { addSessions } from '../store/rows.ts'
import { test } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'

type Grant = Awaited<ReturnType<typeof logIn>>

type Use = (token: string) => ReturnType<typeof refresh>

interface Case {
  readonly context: StoreContext
  readonly userId: string
  readonly grant: Grant
  readonly other: Grant
}

async function start(t: Parameters<typeof openContext>[0], more: Partial<StoreContext> = {}): Promise<Case> {
  const context = { ...(await openContext(t, { sessionsPerUser: 10_000 })), ...more }
  const userId = await addUser(context.db)
  const grant = await logIn(context, userId)
  context.clock.now += 1
  return { context, userId, grant, other: await logIn(context, userId) }
}

const entriesOf = async ({ context }: Pick<Case, 'context'>) =>
  (await createFeed(context).read(undefined, 0)).entries

/** The members that say something, without the position and the time */
const shown = (entries: readonly FeedEntry[]) =>
  entries.map(({ position: _, endedAt: __, ...entry }) =>
    Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)),
  )

const ids = (entries: readonly FeedEntry[]) => entries.map(({ sessionId }) => sessionId)

const change = ({ userId, grant }: Case) => ({
  userId,
  sessionId: grant.session.id,
  oldHash: 'a hash',
  newHash: 'another',
  generation: 0,
  now: NOW + 10,
  expiresAt: NOW + 60_000,
})

const END = { reason: 'operator', origin: OPERATOR } as const

/** Each ends the session of `grant` and nothing else. */
const ONE: Readonly<Record<string, (of: Case) => Promise<unknown>>> = {
  'logout by refresh token': ({ context, grant }) => logout(context, grant.refreshToken, OPERATOR),
  'logout by access token': ({ context, grant }) => logout(context, grant.accessToken, OPERATOR),
  'end of a session': ({ context, grant }) => endSession(context, { sessionId: grant.session.id, ...END }),
  async reuse({ context, grant }) {
    const { refreshToken } = grant
    const next = await refresh(context, refreshToken, () => OPERATOR)
    assert.ok(next.outcome === 'rotated')
    // Otherwise it would be a late retry.
    await refresh(context, String(next.refreshToken), () => OPERATOR)
    context.clock.now += 60_000
    assert.equal((await refresh(context, refreshToken, () => OPERATOR)).outcome, 'reused')
  },
  async 'reuse of a token that a late retry has skipped'({ context, grant }) {
    const skipped = await refresh(context, grant.refreshToken, () => OPERATOR)
    context.clock.now += 60_000
    assert.equal((await refresh(context, grant.refreshToken, () => OPERATOR)).outcome, 'late')
    assert.ok(skipped.outcome === 'rotated')
    assert.equal((await refresh(context, String(skipped.refreshToken), () => OPERATOR)).outcome, 'reused')
  },
  async 'two holders'({ context, grant }) {
    const [owner, thief] = ['192.0.2.1', '198.51.100.1'].map((address) => {
      const from = { ...OPERATOR, address }
      return (token: string) => refresh(context, token, () => from)
    }) as [Use, Use]
    const copies = [await owner(grant.refreshToken), await thief(grant.refreshToken)].map(
      (copy) => 'refreshToken' in copy && String(copy.refreshToken),
    )
    await owner(String(copies[0]))
    assert.equal((await thief(String(copies[1]))).outcome, 'shared')
  },
  async 'a restored backup'({ context, grant }) {
    const { refreshToken } = grant
    const next = await refresh(context, refreshToken, () => OPERATOR)
    assert.ok(next.outcome === 'rotated')
    await context.db
      .updateTable('sessions')
      .set({ generation: 0, rotated_at: NOW })
      .where('id', '=', grant.session.id)
      .execute()
    assert.equal((await refresh(context, String(next.refreshToken), () => OPERATOR)).outcome, 'restored')
  },
  async 'reuse of an exchanged token'({ context, grant }) {
    await exchange(context, grant.accessToken, () => OPERATOR)
    context.clock.now += 60_000
    assert.equal((await exchange(context, grant.accessToken, () => OPERATOR)).outcome, 'reused')
  },
  async eviction({ context, userId }) {
    context.clock.now += 1
    await logIn({ ...context, settings: { ...context.settings, sessionsPerUser: 2 } }, userId)
  },
}

for (const [name, end] of Object.entries(ONE))
  test(`${name}: the session is in the feed`, async (t) => {
    const one = await start(t)
    await end(one)
    assert.deepEqual(shown(await entriesOf(one)), [{ sessionId: one.grant.session.id }])
  })

/** Each ends all sessions of the user. */
const ALL: Readonly<Record<string, (of: Case) => Promise<unknown>>> = {
  'logout of all': ({ context, userId }) => endAllSessions(context, { userId, ...END }),
  deactivation: ({ context, userId }) => deactivateUser(context.db, userId, NOW + 10, OPERATOR),
  'a password set by an operator': ({ context, userId }) =>
    replacePassword(context.db, { userId, newHash: 'new', now: NOW + 10 }, OPERATOR),
}

for (const [name, end] of Object.entries(ALL)) {
  test(`${name}: each session is in the feed`, async (t) => {
    const one = await start(t)
    await end(one)
    assert.deepEqual(ids(await entriesOf(one)), [one.grant.session.id, one.other.session.id])
  })

  test(`${name} of very many sessions: the feed has one entry, and a later session is not in it`, async (t) => {
    const one = await start(t)
    await addSessions(one.context.db, one.userId, SLICE + 1)
    await end(one)
    const [entry, ...rest] = shown(await entriesOf(one))
    assert.deepEqual(rest, [])
    assert.equal(entry?.['userId'], one.userId)
    assert.ok(String(entry?.['through']) >= one.other.session.id)
  })
}

test('a password change: its own session up to the new generation, and all others', async (t) => {
  const one = await start(t)
  const changed = await updatePassword(one.context.db, change(one), OPERATOR)
  assert.ok(changed !== undefined)
  assert.deepEqual(shown(await entriesOf(one)), [
    { sessionId: one.other.session.id },
    { sessionId: one.grant.session.id, generation: changed.session.generation },
  ])
})

test('a password change among very many sessions excepts its own', async (t) => {
  const one = await start(t)
  await addSessions(one.context.db, one.userId, SLICE + 1)
  await updatePassword(one.context.db, change(one), OPERATOR)
  const [all, own] = shown(await entriesOf(one))
  assert.deepEqual([all?.['userId'], all?.['sessionId']], [one.userId, one.grant.session.id])
  assert.deepEqual(own, { sessionId: one.grant.session.id, generation: 1 })
})

test('deletion: the user is in the feed for good', async (t) => {
  const one = await start(t)
  await deleteUser(one.context.db, one.userId, NOW + 10, OPERATOR)
  assert.deepEqual(shown(await entriesOf(one)), [{ userId: one.userId }])
})

test('deletion of very many sessions: they are in the feed before the first is deleted', async (t) => {
  const one = await start(t)
  await addSessions(one.context.db, one.userId, SLICE + 1)
  const { context } = one
  const deletion = { ...context, settings: { keepEventsOfDeleted: false }, hasWebhook: false }
  await deleteAccount(deletion, one.userId, OPERATOR)
  const [first, last] = shown(await entriesOf(one))
  assert.ok(String(first?.['through']) >= one.other.session.id)
  assert.deepEqual(last, { userId: one.userId })
})

test('the end of every session: one entry for each batch', async (t) => {
  const one = await start(t)
  await endEverySession(one.context, END)
  assert.deepEqual(shown(await entriesOf(one)), [{ through: one.other.session.id }])
})

const jtiOf = ({ accessToken }: Grant): string =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).jti

/** APIs follow the feed. */
const FOLLOWED = { feed: { wake: () => {} } }

test('an exchanged token is in the feed once its grace window is over', async (t) => {
  const one = await start(t, FOLLOWED)
  const { context, grant } = one
  for (const repeated of [1, 2]) {
    const { outcome } = await exchange(context, grant.accessToken, () => OPERATOR)
    assert.equal(outcome, repeated === 1 ? 'exchanged' : 'replayed')
  }
  const access = () => authenticate(context, grant.accessToken)
  context.clock.now += context.settings.grace
  assert.equal((await access()).outcome, 'authenticated')
  assert.deepEqual(await entriesOf(one), [])
  context.clock.now += 1
  assert.equal((await access()).outcome, 'spent')
  assert.deepEqual(shown(await entriesOf(one)), [{ jti: jtiOf(grant) }])
})

test('a clock that is set back puts it into the feed at once: it cannot be exchanged again', async (t) => {
  const one = await start(t, FOLLOWED)
  const { context, grant } = one
  await exchange(context, grant.accessToken, () => OPERATOR)
  context.clock.now -= context.settings.grace
  assert.deepEqual(await entriesOf(one), [])
  context.clock.now -= 1
  assert.equal((await authenticate(context, grant.accessToken)).outcome, 'spent')
  assert.deepEqual(shown(await entriesOf(one)), [{ jti: jtiOf(grant) }])
})

test('a logout does not wait for the grace window of an exchange before it', async (t) => {
  const one = await start(t, FOLLOWED)
  const { context, grant, other } = one
  await exchange(context, grant.accessToken, () => OPERATOR)
  await logout(context, other.refreshToken, OPERATOR)
  const [first, ...none] = await entriesOf(one)
  assert.deepEqual([ids([first as FeedEntry]), none], [[other.session.id], []])
  context.clock.now += context.settings.grace + 1
  const both = await entriesOf(one)
  assert.deepEqual(both[0], first)
  assert.deepEqual(shown(both.slice(1)), [{ jti: jtiOf(grant) }])
})

test('without a grace window it is in the feed at once', async (t) => {
  const one = await start(t, FOLLOWED)
  const context = { ...one.context, settings: { ...one.context.settings, grace: 0 } }
  await exchange(context, one.grant.accessToken, () => OPERATOR)
  one.context.clock.now += 1
  assert.deepEqual(shown(await entriesOf({ context })), [{ jti: jtiOf(one.grant) }])
})

test('a token that expires before its grace window ends is not in the feed, nor any if no API follows', async (t) => {
  const one = await start(t, FOLLOWED)
  const { context, grant, other } = one
  await exchange({ ...context, feed: undefined }, grant.accessToken, () => OPERATOR)
  context.clock.now += context.settings.accessTokenTtl + CLOCK_SKEW - context.settings.grace
  await exchange(context, other.accessToken, () => OPERATOR)
  context.clock.now += context.settings.grace + 1
  assert.deepEqual(await entriesOf(one), [])
})

test('what changes nothing is not in the feed', async (t) => {
  const one = await start(t)
  const { context, grant, userId } = one
  await refresh(context, grant.refreshToken, () => OPERATOR)
  await logout(context, grant.refreshToken, OPERATOR)
  await logout(context, grant.refreshToken, OPERATOR)
  await endSession(context, { sessionId: grant.session.id, userId, ...END })
  assert.equal((await entriesOf(one)).length, 1)
})

test('an ending that is rolled back is not in the feed', async (t) => {
  const one = await start(t)
  await assert.rejects(
    one.context.db.transaction().execute(async (trx) => {
      await logout({ ...one.context, db: trx }, one.grant.refreshToken, OPERATOR)
      throw new Error('broken off')
    }),
    /broken off/,
  )
  assert.deepEqual(await entriesOf(one), [])
})
