/** On PostgreSQL exchanges of one turn are one statement: changes that run meanwhile, and rows that others have locked. */

import assert from 'node:assert/strict'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import type { Connection, DialectContext } from '../support/database.ts'
import { connect } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext, storedRows } from '../support/session-context.ts'
import { cutStopped, onPostgres, stopBefore, untilWaiting } from './crossing.ts'

async function openScene(t: DialectContext, sessions: number) {
  const context = await openContext(t)
  const grants = []
  for (let count = 0; count < sessions; count++) {
    grants.push(await logIn(context, await addUser(context.db, `ada${count}`)))
  }
  return { context, grants, past: await connect(context.database) }
}

type Scene = Awaited<ReturnType<typeof openScene>>

const exchangeAll = (context: StoreContext, grants: Scene['grants']) =>
  Promise.all(grants.map(({ accessToken }) => exchange(context, accessToken, () => OPERATOR)))

const outcomesOf = (results: ReadonlyArray<{ readonly outcome: string }>) =>
  results.map(({ outcome }) => outcome)

const successorOf = (result: object) => ('accessToken' in result ? result.accessToken : undefined)

/** The number of refreshes of each session, and of its claimed tokens */
async function left({ context, grants }: Scene) {
  const { sessions, revokedTokens } = await storedRows(context.db)
  return grants.map(({ session }) => [
    sessions.find(({ id }) => id === session.id)?.refresh_count,
    revokedTokens.filter(({ session_id }) => session_id === session.id).length,
  ])
}

const stopAt = (past: Connection, { session }: Scene['grants'][0]) =>
  stopBefore(past, 'insert on revoked_tokens', `new.session_id = '${session.id}'`)

onPostgres('a row that somebody else has locked holds up nobody but its own request', async (t) => {
  const scene = await openScene(t, 3)
  const { context, grants, past } = scene
  await past.query('begin')
  await past.query('update sessions set address = $1 where id = $2', ['::1', grants[1]?.session.id])
  const [first, second, third] = grants.map(({ accessToken }) =>
    exchange(context, accessToken, () => OPERATOR),
  )
  assert.deepEqual(outcomesOf((await Promise.all([first, third])) as never), ['exchanged', 'exchanged'])
  const observer = await connect(context.database)
  await untilWaiting(observer, 'row')
  assert.deepEqual(await left(scene), [
    [1, 1],
    [0, 0],
    [1, 1],
  ])
  await past.query('commit')
  assert.equal((await second)?.outcome, 'exchanged')
  assert.deepEqual(await left(scene), Array(3).fill([1, 1]))
  await Promise.all([past, observer].map((connection) => connection.close()))
})

type Meanwhile = (context: StoreContext, late: Scene['grants'][0]) => Promise<unknown>

const meanwhile: Readonly<Record<string, readonly [outcome: string, work: Meanwhile]>> = {
  'a logout': [
    'revoked',
    ({ db }, { session }) =>
      revokeSession(db, { sessionId: session.id, reason: 'logout', now: NOW, origin: OPERATOR }),
  ],
  // The statement still sees an active user: the row of the session decides.
  'a deactivation': [
    'inactive_user',
    ({ db }, { session }) => deactivateUser(db, session.userId, NOW, OPERATOR),
  ],
  'a deletion': [
    'unknown_user',
    ({ db }, { session }) => deleteUser(db, session.userId, Date.now(), OPERATOR),
  ],
  'an exchange': ['replayed', (context, { accessToken }) => exchange(context, accessToken, () => OPERATOR)],
  'a rotation': ['exchanged', (context, { refreshToken }) => refresh(context, refreshToken, () => OPERATOR)],
}

for (const [what, [outcome, work]] of Object.entries(meanwhile)) {
  onPostgres(
    `${what} that commits when the statement has begun and not come to the row: it comes first`,
    async (t) => {
      const { context, grants, past } = await openScene(t, 2)
      const [first, late] = grants
      assert.ok(first !== undefined && late !== undefined)
      const goOn = await stopAt(past, first)
      const exchanged = exchangeAll(context, grants)
      await untilWaiting(past, 'advisory')
      await work(context, late)
      const ofLate = async () => {
        const { sessions, revokedTokens } = await storedRows(context.db)
        const session = sessions.find(({ id }) => id === late.session.id)
        return { session, tokens: revokedTokens.filter(({ session_id }) => session_id === late.session.id) }
      }
      const before = await ofLate()
      await goOn()
      assert.deepEqual(outcomesOf(await exchanged), ['exchanged', outcome])
      const after = await ofLate()
      if (outcome !== 'exchanged') assert.deepEqual(after, before)
      else assert.deepEqual([after.session?.refresh_count, after.tokens.length], [2, 1])
      await past.close()
    },
  )
}

onPostgres('a connection that is lost: all are told that it may pass, and a retry succeeds', async (t) => {
  const scene = await openScene(t, 3)
  const { context, grants, past } = scene
  const goOn = await stopAt(past, grants[0] as Scene['grants'][0])
  const exchanged = Promise.allSettled(
    grants.map(({ accessToken }) => exchange(context, accessToken, () => OPERATOR)),
  )
  await untilWaiting(past, 'advisory')
  await cutStopped(past)
  for (const result of await exchanged) {
    assert.ok(result.status === 'rejected' && context.store.isUnavailable(result.reason))
  }
  await goOn()
  assert.deepEqual(await left(scene), Array(3).fill([0, 0]))
  assert.deepEqual(outcomesOf(await exchangeAll(context, grants)), Array(3).fill('exchanged'))
  await past.close()
})

onPostgres('the same two in two processes, in opposite order: no deadlock, one successor each', async (t) => {
  const scene = await openScene(t, 2)
  const { context, grants, past } = scene
  const store = await openStore(context.database)
  const goOn = await stopAt(past, grants[0] as Scene['grants'][0])
  const one = exchangeAll(context, grants)
  await untilWaiting(past, 'advisory')
  // This one has the second row and would wait for the first. The other would then wait for the second.
  const two = exchangeAll({ ...context, store, db: store.db }, grants.toReversed())
  await untilWaiting(past, 'row')
  await goOn()
  const [ofOne, ofTwo] = await Promise.all([one, two])
  assert.deepEqual(ofOne.map(successorOf), ofTwo.map(successorOf).toReversed())
  assert.deepEqual([...outcomesOf(ofOne), ...outcomesOf(ofTwo)].toSorted(), [
    'exchanged',
    'exchanged',
    'replayed',
    'replayed',
  ])
  assert.deepEqual(await left(scene), Array(2).fill([1, 1]))
  await Promise.all([past.close(), store.close()])
})
