/**
 * Exchanges of one turn are one commit on SQLite, with a transaction of two statements each, and one statement on
 * PostgreSQL. The result of each is the same as alone.
 */

import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { exchange } from '../../src/sessions/exchange.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { claimToken } from '../../src/store/queries/exchanges.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { connect, test } from '../support/database.ts'
import { DAY, MINUTE } from '../support/service.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, FROM, logIn, NOW, openContext, storedRows } from '../support/session-context.ts'
import { onPostgres } from './crossing.ts'
import { beginningsOf, recordStatements } from './statements.ts'

async function openSessions(context: StoreContext, count: number) {
  const grants = []
  for (let index = 0; index < count; index++) {
    grants.push(await logIn(context, await addUser(context.db, `ada${index}`)))
  }
  return {
    tokens: grants.map(({ accessToken }) => accessToken),
    sessions: grants.map(({ session }) => ({ sessionId: session.id, userId: session.userId })),
  }
}

const exchangeAll = (context: StoreContext, tokens: readonly string[]) =>
  Promise.all(tokens.map((token) => exchange(context, token, () => OPERATOR)))

const outcomesOf = (results: ReadonlyArray<{ readonly outcome: string }>) =>
  results.map(({ outcome }) => outcome)

const successorOf = (result: object | undefined) =>
  result !== undefined && 'accessToken' in result ? result.accessToken : undefined

/** By session, in the order of `sessions` */
async function left({ db }: StoreContext, sessions: ReadonlyArray<{ readonly sessionId: string }>) {
  const rows = await storedRows(db)
  return sessions.map(({ sessionId }) => ({
    refreshes: rows.sessions.find(({ id }) => id === sessionId)?.refresh_count,
    tokens: rows.revokedTokens.filter(({ session_id }) => session_id === sessionId).length,
  }))
}

const ONE = ['savepoint work', 'update "sessions" set', 'insert into "revoked_tokens"', 'release work']
const TOGETHER = {
  sqlite: ['begin immediate', ...Array(20).fill(ONE).flat(), 'commit'],
  postgres: ['with "presented" as'],
}

test('20 at once are one commit, and so are their successors', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const { tokens, sessions } = await openSessions(context, 20)
  recording.executed.length = 0
  const results = await exchangeAll(context, tokens)
  assert.deepEqual(outcomesOf(results), Array(20).fill('exchanged'))
  assert.deepEqual(beginningsOf(recording.executed), TOGETHER[t.dialect])
  assert.equal(new Set(results.map(successorOf)).size, 20)
  recording.executed.length = 0
  const again = await exchangeAll(context, results.map(successorOf) as string[])
  assert.deepEqual(outcomesOf(again), Array(20).fill('exchanged'))
  assert.deepEqual(beginningsOf(recording.executed), TOGETHER[t.dialect])
  assert.deepEqual(await left(context, sessions), Array(20).fill({ refreshes: 2, tokens: 2 }))
})

onPostgres('what a shared claim and one alone return and leave behind is the same', async (t) => {
  const context = await openContext(t)
  const { sessions } = await openSessions(context, 4)
  // Sessions that ended before their tokens
  for (const index of [0, 2]) {
    const deadline = { absolute_expires_at: NOW + MINUTE }
    const id = sessions[index]?.sessionId ?? ''
    await context.db.updateTable('sessions').set(deadline).where('id', '=', id).execute()
  }
  const claim = (session: { sessionId: string; userId: string }, index: number, db = context.db) =>
    claimToken(db, {
      ...session,
      ...FROM,
      generation: 0,
      confined: 0,
      announced: 1,
      grace: MINUTE,
      jti: `token ${index}, "quoted" \\ Zoë 🦊`,
      now: NOW + 1,
      expiresAt: NOW + DAY,
      successorExpiresAt: NOW + 30 * MINUTE,
    })
  const shared = await Promise.all(sessions.slice(0, 2).map((session, index) => claim(session, index)))
  // Inside a transaction nothing is shared.
  const alone = await context.db.transaction().execute(async (trx) => {
    const claims = []
    for (const index of [2, 3]) claims.push(await claim(sessions[index] as (typeof sessions)[0], index, trx))
    return claims
  })
  assert.deepEqual(
    shared.map((row) => [row?.revokedAt, row?.successorExpiresAt]),
    alone.map((row) => [row?.revokedAt, row?.successorExpiresAt]),
  )
  const rows = await storedRows(context.db)
  const bare = ({ sessionId }: { sessionId: string }) => [
    { ...rows.sessions.find(({ id }) => id === sessionId), id: '', user_id: '' },
    rows.revokedTokens
      .filter(({ session_id }) => session_id === sessionId)
      .map((token) => ({ ...token, session_id: '', jti: token.jti.replace(/\d/, '') })),
  ]
  assert.deepEqual(sessions.slice(0, 2).map(bare), sessions.slice(2).map(bare))
  const feed = await context.db.selectFrom('feed').select(['jti', 'ended_at', 'held_until']).execute()
  const end = { ended_at: NOW + 1, held_until: NOW + 1 + MINUTE }
  assert.deepEqual(
    feed.sort((one, other) => String(one.jti).localeCompare(String(other.jti))),
    [0, 1, 2, 3].map((index) => ({ jti: `token ${index}, "quoted" \\ Zoë 🦊`, ...end })),
  )
})

test('one token twice in a turn, beside others: exchanged and replayed, with one successor', async (t) => {
  const context = await openContext(t)
  const { tokens, sessions } = await openSessions(context, 3)
  const results = await exchangeAll(context, [...tokens, tokens[1] ?? ''])
  assert.deepEqual(outcomesOf(results), ['exchanged', 'exchanged', 'exchanged', 'replayed'])
  assert.equal(successorOf(results[1]), successorOf(results[3]))
  assert.deepEqual(await left(context, sessions), Array(3).fill({ refreshes: 1, tokens: 1 }))
})

test('one exchanged before, and one of a session that has ended: refused, and the others go on', async (t) => {
  const context = await openContext(t)
  const { tokens, sessions } = await openSessions(context, 4)
  assert.equal((await exchange(context, tokens[1] ?? '', () => OPERATOR)).outcome, 'exchanged')
  await revokeSession(context.db, {
    sessionId: sessions[2]?.sessionId ?? '',
    reason: 'logout',
    now: NOW,
    origin: OPERATOR,
  })
  const strict = { ...context, settings: { ...context.settings, grace: 0 } }
  assert.deepEqual(outcomesOf(await exchangeAll(strict, tokens)), [
    'exchanged',
    'reused',
    'revoked',
    'exchanged',
  ])
  assert.deepEqual(await left(context, sessions), [
    { refreshes: 1, tokens: 1 },
    { refreshes: 1, tokens: 1 },
    { refreshes: 0, tokens: 0 },
    { refreshes: 1, tokens: 1 },
  ])
})

testOnce(
  'a session that is ended in the same turn, before or after: nothing of it lives on, and the others go on',
  async (t) => {
    const context = await openContext(t)
    const { tokens, sessions } = await openSessions(context, 4)
    const end = (index: number) =>
      revokeSession(context.db, {
        sessionId: sessions[index]?.sessionId ?? '',
        reason: 'logout',
        now: NOW,
        origin: OPERATOR,
      })
    const exchanges = exchangeAll(context, tokens.slice(0, 2))
    const ended = Promise.all([end(1), end(2)])
    const results = [...(await exchanges), ...(await exchangeAll(context, tokens.slice(2)))]
    await ended
    const [, second, ...others] = outcomesOf(results)
    assert.ok(second === 'exchanged' || second === 'revoked', second)
    assert.deepEqual(others, ['revoked', 'exchanged'])
    const rows = await storedRows(context.db)
    assert.equal(rows.revokedTokens.length, second === 'exchanged' ? 3 : 2)
    if (second === 'exchanged') {
      const successor = successorOf(results[1]) as string
      assert.equal((await exchange(context, successor, () => OPERATOR)).outcome, 'revoked')
    }
    for (const [index, { sessionId }] of sessions.entries()) {
      const { revoked_at } = rows.sessions.find(({ id }) => id === sessionId) ?? {}
      assert.equal(revoked_at, index === 1 || index === 2 ? NOW : null)
    }
  },
)

test('two sessions, one `jti`: one gets it, and the other is not counted', async (t) => {
  const context = await openContext(t)
  const { sessions } = await openSessions(context, 2)
  const times = {
    ...{ ...FROM, generation: 0, confined: 0, announced: 0, grace: 0 },
    ...{ now: NOW, expiresAt: NOW + DAY, successorExpiresAt: NOW + MINUTE },
  }
  const claims = await Promise.all(
    sessions.map((session) => claimToken(context.db, { ...session, ...times, jti: 'of both' })),
  )
  assert.deepEqual(
    claims.map((claim) => claim?.revokedAt),
    [NOW, undefined],
  )
  assert.deepEqual(await left(context, sessions), [
    { refreshes: 1, tokens: 1 },
    { refreshes: 0, tokens: 0 },
  ])
})

test('a failure leaves nothing half done, and a retry succeeds', async (t) => {
  const context = await openContext(t)
  const { tokens, sessions } = await openSessions(context, 3)
  const past = await connect(context.database)
  const [, { sessionId }] = sessions as [unknown, (typeof sessions)[0]]
  // In the second of the two, so that the change of the first must be rolled back.
  if (t.dialect === 'sqlite') {
    await past.query(`create trigger stop before insert on revoked_tokens when new.session_id = '${sessionId}'
      begin select raise(abort, 'stopped'); end`)
  } else {
    await past.query(`create function stop() returns trigger language plpgsql as $$
      begin raise 'stopped'; end $$`)
    await past.query(`create trigger stop before update on sessions for each row
      when (old.id = '${sessionId}') execute function stop()`)
  }
  const results = await Promise.allSettled(tokens.map((token) => exchange(context, token, () => OPERATOR)))
  // A statement fails as a whole.
  const others = { sqlite: 'fulfilled', postgres: 'rejected' }[t.dialect]
  assert.deepEqual(
    results.map(({ status }) => status),
    [others, 'rejected', others],
  )
  const done = { sqlite: { refreshes: 1, tokens: 1 }, postgres: { refreshes: 0, tokens: 0 } }[t.dialect]
  assert.deepEqual(await left(context, sessions), [done, { refreshes: 0, tokens: 0 }, done])
  await past.query(`drop trigger stop${t.dialect === 'sqlite' ? '' : ' on sessions'}`)
  const again = { sqlite: 'replayed', postgres: 'exchanged' }[t.dialect]
  assert.deepEqual(outcomesOf(await exchangeAll(context, tokens)), [again, 'exchanged', again])
  assert.deepEqual(await left(context, sessions), Array(3).fill({ refreshes: 1, tokens: 1 }))
  await past.close()
})
