/** On PostgreSQL rotations of one turn are one statement. The result of each is the same as alone. */

import assert from 'node:assert/strict'
import { refresh } from '../../src/sessions/refresh.ts'
import { PROVES_NO_KEY } from '../../src/sessions/unproven.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { rotateSession } from '../../src/store/queries/sessions.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import type { Connection, DialectContext } from '../support/database.ts'
import { connect } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, FROM, logIn, NOW, openContext, storedRows } from '../support/session-context.ts'
import { cutStopped, onPostgres, stopBefore, untilWaiting } from './crossing.ts'
import { recordStatements } from './statements.ts'

const SHARED = /^with "presented" as .* skip locked\) update "sessions" set /s
const ALONE = /^update "sessions" set "generation" = /

interface Scene {
  readonly context: StoreContext
  /** One grant per session */
  readonly users: readonly string[]
  readonly ids: readonly string[]
  readonly tokens: readonly string[]
  /** A connection that does not belong to the service */
  readonly past: Connection
}

async function openScene(t: DialectContext, sessions: number): Promise<Scene> {
  const context = await openContext(t)
  const past = await connect(context.database)
  const grants = []
  for (let count = 0; count < sessions; count++) {
    grants.push(await logIn(context, await addUser(context.db, `ada${count}`)))
  }
  return {
    context,
    past,
    users: grants.map(({ session }) => session.userId),
    ids: grants.map(({ session }) => session.id),
    tokens: grants.map(({ refreshToken }) => refreshToken),
  }
}

const refreshAll = (context: StoreContext, tokens: readonly string[]) =>
  Promise.all(tokens.map((token) => refresh(context, token, () => OPERATOR)))

const outcomesOf = (results: ReadonlyArray<{ readonly outcome: string }>) =>
  results.map(({ outcome }) => outcome)

const generationsOf = async ({ context, ids }: Scene) => {
  const { sessions } = await storedRows(context.db)
  return ids.map((id) => sessions.find((session) => session.id === id)?.generation)
}

const successorOf = (result: object) => ('refreshToken' in result ? result.refreshToken : undefined)

/** A statement that has written that session stops there, until `past` lets it continue. */
const stopAt = (past: Connection, sessionId: string) =>
  stopBefore(past, 'update on sessions', `old.id = '${sessionId}' and new.generation > old.generation`)

onPostgres('each of several at once is bound to the key that was proven', async (t) => {
  const { context, tokens, ids } = await openScene(t, 2)
  const proven = ['one key', 'another key'].map((jkt) => ({ ...PROVES_NO_KEY, jkt }))
  const results = await Promise.all(
    tokens.map((token, index) => refresh(context, token, () => OPERATOR, proven[index])),
  )
  assert.deepEqual(outcomesOf(results), ['rotated', 'rotated'])
  const { sessions } = await storedRows(context.db)
  assert.deepEqual(
    ids.map((id) => sessions.find((session) => session.id === id)?.jkt),
    ['one key', 'another key'],
  )
})

onPostgres('20 at once are one statement', async (t) => {
  const recording = recordStatements(t)
  const scene = await openScene(t, 20)
  recording.executed.length = 0
  const results = await refreshAll(scene.context, scene.tokens)
  assert.deepEqual(outcomesOf(results), Array(20).fill('rotated'))
  assert.equal(recording.executed.length, 1)
  assert.match(recording.executed[0]?.sql ?? '', SHARED)
  assert.deepEqual(await generationsOf(scene), Array(20).fill(1))
  // Each has its own successor.
  recording.executed.length = 0
  const again = await refreshAll(scene.context, results.map(successorOf) as string[])
  assert.deepEqual(outcomesOf(again), Array(20).fill('rotated'))
  assert.equal(recording.executed.length, 1)
  await scene.past.close()
})

onPostgres('one that is alone in its turn is the statement that it always was', async (t) => {
  const recording = recordStatements(t)
  const { context, tokens, past } = await openScene(t, 2)
  recording.executed.length = 0
  for (const token of tokens) assert.equal((await refresh(context, token, () => OPERATOR)).outcome, 'rotated')
  assert.equal(recording.executed.length, 2)
  for (const { sql } of recording.executed) assert.match(sql, ALONE)
  await past.close()
})

onPostgres('a statement takes a hundred at most', async (t) => {
  const recording = recordStatements(t)
  const { context, tokens, past } = await openScene(t, 230)
  recording.executed.length = 0
  await refreshAll(context, tokens)
  const sizes = recording.executed.map(({ parameters: [ids] }) => Array.isArray(ids) && ids.length)
  // In any order, because one of them may have waited for a new connection.
  assert.deepEqual(sizes.map(String).toSorted(), ['100', '100', '30'])
  await past.close()
})

onPostgres('what a shared rotation and one alone return and leave behind is the same', async (t) => {
  const { context, ids, users, past } = await openScene(t, 4)
  const absolute = `update sessions set absolute_expires_at = ${NOW + 1000} where id in ($1, $2)`
  await past.query(absolute, [ids[0], ids[2]])
  const rotate = (id: string, index: number) => {
    const presented = { ...FROM, lineage: 'a', generation: 0, issuedAt: NOW - (NOW % 1000), now: NOW + 5 }
    return rotateSession(context.db, { sessionId: id, userId: users[index] ?? '', ...presented }, 2000)
  }
  const shared = await Promise.all(ids.slice(0, 2).map(rotate))
  const alone = [await rotate(ids[2] ?? '', 2), await rotate(ids[3] ?? '', 3)]
  const nameless = (row: object | undefined) => ({ ...row, id: '', userId: '', user_id: '' })
  assert.deepEqual(shared.map(nameless), alone.map(nameless))
  const { sessions } = await storedRows(context.db)
  const rows = ids.map((id) => nameless(sessions.find((session) => session.id === id)))
  assert.deepEqual(rows.slice(0, 2), rows.slice(2))
  await past.close()
})

onPostgres('one token twice in a turn: rotated and replayed, with one successor', async (t) => {
  const recording = recordStatements(t)
  const scene = await openScene(t, 2)
  const { context, tokens, past } = scene
  recording.executed.length = 0
  const [first, again, other] = await refreshAll(context, [tokens[0] ?? '', ...tokens])
  assert.ok(first !== undefined && again !== undefined && other !== undefined)
  assert.deepEqual(outcomesOf([first, again, other]), ['rotated', 'replayed', 'rotated'])
  assert.equal(successorOf(first), successorOf(again))
  assert.deepEqual(await generationsOf(scene), [1, 1])
  // The second rotation of the same session comes after the statement with the first.
  const [shared, alone, read] = recording.executed.map(({ sql }) => sql)
  assert.match(shared ?? '', SHARED)
  assert.match(alone ?? '', ALONE)
  assert.match(read ?? '', /^with "subject" as .* left join "sessions" /)
  await past.close()
})

onPostgres('one token twice in a turn, and no other: rotated and replayed, with one successor', async (t) => {
  const scene = await openScene(t, 1)
  const [token = ''] = scene.tokens
  const [first, second] = await refreshAll(scene.context, [token, token])
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(outcomesOf([first, second]).toSorted(), ['replayed', 'rotated'])
  assert.equal(successorOf(first), successorOf(second))
  assert.deepEqual(await generationsOf(scene), [1])
  await scene.past.close()
})

onPostgres('a row that somebody else has locked holds up nobody but its own request', async (t) => {
  const scene = await openScene(t, 3)
  const { context, ids, tokens, past } = scene
  await past.query('begin')
  await past.query('update sessions set address = $1 where id = $2', ['::1', ids[1]])
  const [first, second, third] = tokens.map((token) => refresh(context, token, () => OPERATOR))
  const quick = await Promise.all([first, third])
  assert.deepEqual(outcomesOf(quick as never), ['rotated', 'rotated'])
  const observer = await connect(context.database)
  await untilWaiting(observer, 'row')
  assert.deepEqual(await generationsOf(scene), [1, 0, 1])
  await past.query('commit')
  assert.equal((await second)?.outcome, 'rotated')
  assert.deepEqual(await generationsOf(scene), [1, 1, 1])
  await Promise.all([past, observer].map((connection) => connection.close()))
})

type Meanwhile = (
  context: StoreContext,
  late: { id: string; user: string; token: string },
) => Promise<unknown>

const meanwhile: Readonly<Record<string, readonly [outcome: string, work: Meanwhile]>> = {
  'a logout': [
    'revoked',
    ({ db }, { id }) => revokeSession(db, { sessionId: id, reason: 'logout', now: NOW, origin: OPERATOR }),
  ],
  // The statement still sees an active user: the row of the session decides.
  'a deactivation': ['inactive_user', ({ db }, { user }) => deactivateUser(db, user, NOW, OPERATOR)],
  'a deletion': ['unknown_user', ({ db }, { user }) => deleteUser(db, user, Date.now(), OPERATOR)],
  'a rotation': ['replayed', (context, { token }) => refresh(context, token, () => OPERATOR)],
}

for (const [what, [outcome, work]] of Object.entries(meanwhile)) {
  onPostgres(
    `${what} that commits when the statement has begun and not come to the row: it wins`,
    async (t) => {
      const { context, users, ids, tokens, past } = await openScene(t, 2)
      const goOn = await stopAt(past, ids[0] ?? '')
      const refreshed = refreshAll(context, tokens)
      await untilWaiting(past, 'advisory')
      const [, id = ''] = ids
      await work(context, { id, user: users[1] ?? '', token: tokens[1] ?? '' })
      const lateRow = async () =>
        (await storedRows(context.db)).sessions.filter((session) => session.id === id)
      const before = await lateRow()
      await goOn()
      assert.deepEqual(outcomesOf(await refreshed), ['rotated', outcome])
      assert.deepEqual(await lateRow(), before)
      await past.close()
    },
  )
}

onPostgres('a connection that is lost: all are told that it may pass, and a retry succeeds', async (t) => {
  const scene = await openScene(t, 3)
  const { context, ids, tokens, past } = scene
  const goOn = await stopAt(past, ids[0] ?? '')
  // The last request is for a session that is already in the statement: it is not in it, and none is tried alone.
  const refreshed = Promise.allSettled(
    [...tokens, tokens[0] ?? ''].map((token) => refresh(context, token, () => OPERATOR)),
  )
  await untilWaiting(past, 'advisory')
  await cutStopped(past)
  for (const result of await refreshed) {
    assert.ok(result.status === 'rejected' && context.store.isUnavailable(result.reason))
  }
  await goOn()
  assert.deepEqual(await generationsOf(scene), [0, 0, 0])
  assert.deepEqual(outcomesOf(await refreshAll(context, tokens)), ['rotated', 'rotated', 'rotated'])
  await past.close()
})

onPostgres('the same two in two processes, in opposite order: no deadlock, one successor each', async (t) => {
  const scene = await openScene(t, 2)
  const { context, ids, tokens, past } = scene
  const store = await openStore(context.database)
  const goOn = await stopAt(past, ids[0] ?? '')
  const one = refreshAll(context, tokens)
  await untilWaiting(past, 'advisory')
  // This one has the second row and would wait for the first. The other would then wait for the second.
  const two = refreshAll({ ...context, store, db: store.db }, tokens.toReversed())
  await untilWaiting(past, 'row')
  await goOn()
  const [ofOne, ofTwo] = await Promise.all([one, two])
  assert.deepEqual(outcomesOf(ofOne), ['rotated', 'replayed'])
  assert.deepEqual(outcomesOf(ofTwo), ['rotated', 'replayed'])
  assert.deepEqual(ofOne.map(successorOf), ofTwo.map(successorOf).toReversed())
  assert.deepEqual(await generationsOf(scene), [1, 1])
  await Promise.all([past.close(), store.close()])
})

onPostgres('in a transaction nothing is shared, and a rollback takes it back', async (t) => {
  const recording = recordStatements(t)
  const scene = await openScene(t, 3)
  const { context, ids, users, tokens, past } = scene
  const failing = context.db.transaction().execute(async (trx) => {
    recording.executed.length = 0
    const inside = [0, 1].map((index) => {
      const presented = { ...FROM, lineage: 'a', generation: 0, issuedAt: NOW - (NOW % 1000), now: NOW }
      const [sessionId = '', userId = ''] = [ids[index], users[index]]
      return rotateSession(trx, { sessionId, userId, ...presented }, 1000)
    })
    const outside = refresh(context, tokens[2] ?? '', () => OPERATOR)
    for (const rotation of inside) assert.equal((await rotation)?.generation, 1)
    assert.equal((await outside).outcome, 'rotated')
    for (const { sql } of recording.executed) assert.match(sql, ALONE)
    assert.equal(recording.executed.length, 3)
    throw new Error('rolled back')
  })
  await assert.rejects(failing, /rolled back/)
  assert.deepEqual(await generationsOf(scene), [0, 0, 1])
  await past.close()
})
