/** Work of one turn is committed together: no caller is answered before the commit, and each failure stays alone. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { sql } from 'kysely'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import type { Connection } from '../support/database.ts'
import { connect } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, openContext } from '../support/session-context.ts'
import { addSession } from './rows.ts'
import { recordStatements } from './statements.ts'

interface Scene extends StoreContext {
  readonly user: string
  /** Another connection, which sees committed rows */
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
  const results = await Promise.all(
    grants.map(({ refreshToken }) => refresh(context, refreshToken, () => OPERATOR)),
  )
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
  const first = [name(), name()]
  await outside.query("update users set username = 'bob'")
  // The other connection commits between the reads of a turn.
  const between = sql`select count(*) from users`.execute(db)
  assert.deepEqual(await Promise.all(first), [[{ username: 'bob' }], [{ username: 'bob' }]])
  await between
  await outside.query("update users set username = 'carol'")
  assert.deepEqual(await name(), [{ username: 'carol' }])
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
    // The others arrive meanwhile.
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

test('nobody is told what is not on the disk: neither writers, nor readers of the same turn', async (t) => {
  const scene = await openScene(t)
  const { db, user, usernames } = scene
  const { accessToken } = await logIn(scene, user)
  const seenOutside = async (work: Promise<unknown>) => work.then(usernames)
  const read = sql<{ username: string }>`select username from users order by username`.execute(db)
  const seen = await Promise.all([
    seenOutside(addUser(db, 'bob')),
    seenOutside(exchange(scene, accessToken, () => OPERATOR)),
    seenOutside(addSession(db, 'nobody').catch(() => {})),
    read.then(async ({ rows }) => {
      const names = rows.map(({ username }) => username)
      assert.deepEqual(names, await usernames(), 'a reader sees what is on the disk when it is told')
      return [...new Set([...names, 'bob'])]
    }),
  ])
  assert.deepEqual(seen, Array(4).fill(['ada', 'bob']))
})

test('a read of the same turn is answered although another process has locked the file', async (t) => {
  const { db, outside } = await openScene(t)
  await sql`pragma busy_timeout = 0`.execute(db)
  await outside.query('begin immediate')
  const read = () => sql`select count(*) from users`.execute(db)
  assert.deepEqual(await outcomes([addUser(db, 'bob'), read(), addUser(db, 'carol'), read()]), [
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  await outside.query('commit')
  await addUser(db, 'dave')
})

test('a commit that fails is an error for all who wrote, leaves nothing, and the next one succeeds', async (t) => {
  const scene = await openScene(t)
  const { db, user, usernames } = scene
  const { accessToken, refreshToken } = await logIn(scene, user)
  // Only the commit finds a reference to a missing row.
  const orphan = db.transaction().execute(async (trx) => {
    await sql`pragma defer_foreign_keys = on`.execute(trx)
    await addSession(trx, 'nobody')
  })
  const read = sql`select count(*) as count from users`.execute(db)
  const work = [
    addUser(db, 'bob'),
    orphan,
    exchange(scene, accessToken, () => OPERATOR),
    // A statement that is no part of a transaction
    refresh(scene, refreshToken, () => OPERATOR),
    addUser(db, 'carol'),
  ]
  assert.deepEqual(await outcomes(work), Array(5).fill('rejected'))
  assert.deepEqual((await read).rows, [{ count: 1 }], 'what a reader sees is on the disk')
  assert.deepEqual(await usernames(), ['ada'])
  assert.equal((await exchange(scene, accessToken, () => OPERATOR)).outcome, 'exchanged')
  assert.equal((await refresh(scene, refreshToken, () => OPERATOR)).outcome, 'rotated')
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

test('a transaction whose commit failed does not roll back the next owner of the database', async (t) => {
  const { db, outside } = await openScene(t)
  const execute = (on: typeof db, text: string) => sql.raw(text).execute(on)
  await execute(db, 'create table parents (id integer primary key)')
  await execute(db, 'create table children (parent references parents deferrable initially deferred)')
  await execute(db, 'create table notes (who text)')
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const failing = db.transaction().execute(async (trx) => {
    await execute(trx, 'insert into children values (1)')
    begun.resolve()
    await gate.promise
  })
  // The next transaction begins in a later turn, so that it does not share the commit.
  await begun.promise
  const next = Promise.withResolvers<void>()
  const takenBack = db.transaction().execute(async (trx) => {
    await execute(trx, `insert into notes values ('taken back')`)
    await next.promise
    throw new Error('taken back')
  })
  await new Promise(setImmediate)
  gate.resolve()
  await assert.rejects(failing, /FOREIGN KEY/)
  const others = Array.from({ length: 40 }, () => execute(db, `insert into notes values ('told')`))
  await new Promise(setImmediate)
  next.resolve()
  await assert.rejects(takenBack)
  await Promise.all(others)
  assert.deepEqual(await outside.query('select who, count(*) as count from notes group by who'), [
    { who: 'told', count: 40 },
  ])
})

/** A clock of the driver that stands still, and commits that take a given time. */
async function openTimed(t: TestContext) {
  const timing = { now: 0, commit: 0 }
  const recording = recordStatements(t, (text) => {
    if (text === 'commit') timing.now += timing.commit
  })
  const context = await openContext(t)
  t.mock.method(performance, 'now', () => timing.now)
  let names = 0
  const write = (count: number) => Array.from({ length: count }, () => addUser(context.db, `user${names++}`))
  const commits = () => recording.executed.filter(({ sql }) => sql === 'commit').length
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
  }
  /** Two commits, after which the driver knows how long one takes, and that three requests arrive together. */
  const warmUp = async (commit: number) => {
    timing.commit = commit
    await Promise.all(write(1))
    await Promise.all(write(3))
    recording.executed.length = 0
  }
  return { timing, write, commits, turns, warmUp }
}

test('the first wait for as many as there were the last time, and all share a commit', async (t) => {
  const { write, commits, turns, warmUp } = await openTimed(t)
  await warmUp(5)
  const work = write(1)
  await turns(20)
  work.push(...write(1))
  await turns(20)
  assert.equal(commits(), 0)
  work.push(...write(1))
  await Promise.all(work)
  assert.equal(commits(), 1)
})

for (const [commit, wait] of [
  [5, 5],
  [1000, 8],
] as const) {
  test(`where a commit takes ${commit} ms they wait for ${wait} ms at most, and then for fewer`, async (t) => {
    const { timing, write, commits, turns, warmUp } = await openTimed(t)
    await warmUp(commit)
    timing.commit = 0
    const work = write(1)
    await turns(20)
    timing.now += wait - 0.1
    await turns(20)
    assert.equal(commits(), 0)
    timing.now += 0.1
    await Promise.all(work)
    assert.equal(commits(), 1)
    const next = write(1)
    await turns(2)
    assert.equal(commits(), 2, 'one came the last time: one waits for nobody')
    await Promise.all(next)
  })
}

test('as long as work arrives in each turn, the wait goes on beyond the time of a commit', async (t) => {
  const { timing, write, commits, turns } = await openTimed(t)
  timing.commit = 5
  await Promise.all(write(1))
  await Promise.all(write(4))
  const before = commits()
  const start = timing.now
  const work: Promise<unknown>[] = []
  for (const time of [0, 4, 7]) {
    timing.now = start + time
    work.push(...write(1))
    await turns(1)
  }
  work.push(...write(1))
  await turns(2)
  // With anything left over, it would wait for company.
  timing.now += 8
  await Promise.all(work)
  assert.equal(commits(), before + 1)
})

test('one slow commit makes nobody wait: the shorter of the last two counts', async (t) => {
  const { timing, write, commits, turns } = await openTimed(t)
  timing.commit = 1
  await Promise.all(write(1))
  timing.commit = 1000
  await Promise.all(write(3))
  const before = commits()
  const work = write(1)
  await turns(2)
  timing.now += 1
  await turns(2)
  assert.equal(commits(), before + 1)
  await Promise.all(work)
})
