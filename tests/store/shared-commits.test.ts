/** What arrives in one turn ends in one commit: nobody hears of anything before it, and nobody's failure is another's. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { sql } from 'kysely'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import type { Connection } from '../support/database.ts'
import { connect } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, openContext } from '../support/session-context.ts'
import { addSession } from './rows.ts'
import { recordStatements } from './statements.ts'

interface Scene extends StoreContext {
  readonly user: string
  /** Another connection, which sees what is committed */
  readonly outside: Connection
  readonly usernames: () => Promise<string[]>
}

async function openScene(t: TestContext): Promise<Scene> {
  const context = await openContext(t)
  const outside = await connect(context.database)
  t.after(() => outside.close())
  const usernames = async () =>
    (await outside.query('select username from users order by username')).map(({ username }) => username)
  return { ...context, user: await addUser(context.db), outside, usernames }
}

const outcomes = async (work: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(work)).map(({ status }) => status)

test('twenty rotations at once: one begin and one commit', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const user = await addUser(context.db)
  const grants = []
  for (let count = 0; count < 20; count++) grants.push(await logIn(context, user))
  recording.executed.length = 0
  const results = await Promise.all(grants.map(({ refreshToken }) => refresh(context, refreshToken)))
  assert.deepEqual([...new Set(results.map(({ outcome }) => outcome))], ['rotated'])
  const count = (text: string) => recording.executed.filter(({ sql }) => sql === text).length
  assert.deepEqual([count('begin immediate'), count('commit')], [1, 1])
})

test('twenty reads at once: one begin and one commit', async (t) => {
  const recording = recordStatements(t)
  const { db } = await openContext(t)
  await new Promise(setImmediate)
  recording.executed.length = 0
  await Promise.all(Array.from({ length: 20 }, () => sql`select 1`.execute(db)))
  await new Promise(setImmediate)
  const executed = recording.executed.map(({ sql }) => sql)
  assert.deepEqual(executed, ['begin', ...Array(20).fill('select 1'), 'commit'])
})

test('reads of one turn see one moment, those of the next what others have committed meanwhile', async (t) => {
  const { db, outside } = await openScene(t)
  const name = async () => (await sql<{ username: string }>`select username from users`.execute(db)).rows
  assert.deepEqual(await name(), [{ username: 'ada' }])
  await outside.query("update users set username = 'bob'")
  assert.deepEqual(await name(), [{ username: 'ada' }])
  await new Promise(setImmediate)
  assert.deepEqual(await name(), [{ username: 'bob' }])
})

test('a read that fails takes no other with it, nor what is written after it', async (t) => {
  const { db, usernames } = await openScene(t)
  const read = () => sql`select * from users`.execute(db)
  const failing = () => sql`select abs(-9223372036854775807 - 1)`.execute(db)
  assert.deepEqual(await outcomes([read(), failing(), read()]), ['fulfilled', 'rejected', 'fulfilled'])
  assert.deepEqual(await outcomes([failing(), addUser(db, 'bob'), failing(), read()]), [
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  assert.deepEqual(await usernames(), ['ada', 'bob'])
})

test('a statement that fails takes nobody with it', async (t) => {
  const { db, user, outside } = await openScene(t)
  const work = [addSession(db, user), addSession(db, 'nobody'), addSession(db, user)]
  assert.deepEqual(await outcomes(work), ['fulfilled', 'rejected', 'fulfilled'])
  assert.equal((await outside.query('select id from sessions')).length, 2)
})

test('a transaction that is rolled back takes nobody with it, and is taken back whole', async (t) => {
  const { db, usernames } = await openScene(t)
  const failing = db.transaction().execute(async (trx) => {
    await addUser(trx, 'eve')
    // The others come in between.
    for (let turn = 0; turn < 10; turn++) await null
    await addUser(trx, 'mallory')
    throw new Error('changed its mind')
  })
  const work = [addUser(db, 'bob'), failing, addUser(db, 'carol'), addUser(db, 'dave')]
  assert.deepEqual(await outcomes(work), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  assert.deepEqual(await usernames(), ['ada', 'bob', 'carol', 'dave'])
})

test('a statement that fails after it has waited for a transaction takes nobody with it either', async (t) => {
  const { db, usernames } = await openScene(t)
  const transaction = db.transaction().execute((trx) => addUser(trx, 'bob'))
  const work = [transaction, addSession(db, 'nobody'), addUser(db, 'carol')]
  assert.deepEqual(await outcomes(work), ['fulfilled', 'rejected', 'fulfilled'])
  assert.deepEqual(await usernames(), ['ada', 'bob', 'carol'])
})

test('a transaction that waits for something else holds the commit of the others up, and is whole', async (t) => {
  const { db, usernames } = await openScene(t)
  const slow = db.transaction().execute(async (trx) => {
    await addUser(trx, 'bob')
    await new Promise(setImmediate)
    await addUser(trx, 'dave')
  })
  assert.deepEqual(await outcomes([addUser(db, 'carol'), slow]), ['fulfilled', 'fulfilled'])
  assert.deepEqual(await usernames(), ['ada', 'bob', 'carol', 'dave'])
})

test('transactions have the database to themselves, one after the other', async (t) => {
  const { db, usernames } = await openScene(t)
  const seen: string[] = []
  const transaction = (name: string) =>
    db.transaction().execute(async (trx) => {
      seen.push(`${name} begins`)
      await addUser(trx, name)
      await null
      const { rows } = await sql`select username from users`.execute(trx)
      seen.push(`${name} sees ${rows.length}`)
    })
  await Promise.all([transaction('bob'), addUser(db, 'dave'), transaction('carol')])
  assert.deepEqual(seen[0], 'bob begins')
  assert.match(seen[1] ?? '', /^bob sees/)
  assert.deepEqual(await usernames(), ['ada', 'bob', 'carol', 'dave'])
})

test('who writes and who reads meanwhile hear of it when it is on the disk', async (t) => {
  const scene = await openScene(t)
  const { db, user, usernames } = scene
  const { accessToken } = await logIn(scene, user)
  const seenOutside = async (work: Promise<unknown>) => work.then(usernames)
  const seen = await Promise.all([
    seenOutside(addUser(db, 'bob')),
    seenOutside(exchange(scene, accessToken)),
    seenOutside(sql`select count(*) from users`.execute(db)),
    seenOutside(addSession(db, 'nobody').catch(() => {})),
  ])
  assert.deepEqual(seen, Array(4).fill(['ada', 'bob']))
})

test('a commit that fails is heard of by all, leaves nothing, and the next one succeeds', async (t) => {
  const scene = await openScene(t)
  const { db, user, usernames } = scene
  const { accessToken } = await logIn(scene, user)
  // What refers to nothing is found only by the commit.
  const orphan = db.transaction().execute(async (trx) => {
    await sql`pragma defer_foreign_keys = on`.execute(trx)
    await addSession(trx, 'nobody')
  })
  const read = sql`select count(*) from users`.execute(db)
  const work = [addUser(db, 'bob'), orphan, exchange(scene, accessToken), read, addUser(db, 'carol')]
  assert.deepEqual(await outcomes(work), Array(5).fill('rejected'))
  assert.deepEqual(await usernames(), ['ada'])
  assert.equal((await exchange(scene, accessToken)).outcome, 'exchanged')
  await addUser(db, 'dave')
  assert.deepEqual(await usernames(), ['ada', 'dave'])
})

test('other processes are not kept waiting: the lock is held for no turn of the event loop', async (t) => {
  const { db, outside, usernames } = await openScene(t)
  const writing = addUser(db, 'bob')
  await new Promise(setImmediate)
  await outside.query("update users set username = 'Ada' where username = 'ada'")
  await writing
  assert.deepEqual(await usernames(), ['Ada', 'bob'])
})

test('whose commit fails takes the database from nobody who has it by then', async (t) => {
  const { db, outside } = await openScene(t)
  const execute = (on: typeof db, text: string) => sql.raw(text).execute(on)
  await execute(db, 'create table parents (id integer primary key)')
  await execute(db, 'create table children (parent references parents deferrable initially deferred)')
  await execute(db, 'create table notes (who text)')
  const gate = Promise.withResolvers<void>()
  const failing = db.transaction().execute(async (trx) => {
    await execute(trx, 'insert into children values (1)')
    await gate.promise
  })
  await new Promise(setImmediate)
  const takenBack = db.transaction().execute(async (trx) => {
    await execute(trx, `insert into notes values ('taken back')`)
    for (let count = 0; count < 20; count++) await execute(trx, 'select 1')
    throw new Error('taken back')
  })
  await new Promise(setImmediate)
  gate.resolve()
  const others = []
  for (let count = 0; count < 40; count++) {
    await null
    others.push(execute(db, `insert into notes values ('told')`))
  }
  await assert.rejects(failing, /FOREIGN KEY/)
  await assert.rejects(takenBack, /taken back/)
  await Promise.all(others)
  assert.deepEqual(await outside.query('select who, count(*) as count from notes group by who'), [
    { who: 'told', count: 40 },
  ])
})

test('tells how long commits take, the shorter of the last two', async (t) => {
  const { store } = await openScene(t)
  const real = performance.now
  // A disk as slow as the clock says it is.
  let now = real.call(performance)
  let step = 0
  t.mock.method(performance, 'now', () => (now += step))
  const times = []
  for (step of [10, 30, 5, 20]) {
    await addUser(store.db)
    times.push(store.commitTime?.())
  }
  assert.deepEqual(times.slice(1), [10, 5, 5])
})
