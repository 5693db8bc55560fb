/** Read-then-write transactions of two processes fail with SQLITE_BUSY when BEGIN is deferred. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { addUser, freshFile, logIn, openContext, storedRows } from '../support/session-context.ts'
import { runChild } from './children/run.ts'
import { recordStatements } from './statements.ts'

const ROUNDS = 100

test('two processes that read and then write, 100 times each: never busy, no update lost', async (t) => {
  const context = await openContext(t)
  await logIn(context, await addUser(context.db))
  const children = [1, 2].map(() => runChild('count.ts', context.file, String(ROUNDS)))
  for (const { code, output } of await Promise.all(children)) assert.deepEqual([code, output], [0, ''])
  const { generation } = await context.db
    .selectFrom('sessions')
    .select('generation')
    .executeTakeFirstOrThrow()
  assert.equal(generation, 2 * ROUNDS)
})

const HOLD = `
  const { parentPort, workerData } = require('node:worker_threads')
  const SQLite = require('better-sqlite3')
  const database = new SQLite(workerData.file)
  database.exec('begin immediate')
  parentPort.postMessage('held')
  setTimeout(() => database.exec('commit'), workerData.milliseconds)
`

/** Another connection holds the write lock for this time. @returns resolves when the lock was released */
async function hold(file: string, milliseconds: number): Promise<{ readonly ended: Promise<unknown> }> {
  const holder = new Worker(HOLD, { eval: true, workerData: { file, milliseconds } })
  const ended = once(holder, 'exit')
  await once(holder, 'message')
  return { ended }
}

test('a fresh file that somebody else has locked for a moment, as who opens it at the same time does', async (t) => {
  const file = freshFile(t)
  const { ended } = await hold(file, 300)
  const store = await openStore({ dialect: 'sqlite', file })
  await ended
  await store.close()
})

test('locked for longer than anybody waits: the event loop stands still for one of all, and then for no more', async (t) => {
  const context = await openContext(t)
  const user = await addUser(context.db)
  const grants = await Promise.all(Array.from({ length: 20 }, () => logIn(context, user)))
  const refreshAll = async () => {
    const begun = performance.now()
    const results = await Promise.allSettled(
      grants.map(({ refreshToken }) => refresh(context, refreshToken, () => OPERATOR)),
    )
    return { results, milliseconds: performance.now() - begun }
  }
  const { ended } = await hold(context.file, 6000)
  // One request waits for 1.5 s; two would take 3.
  for (const atMost of [2900, 1400]) {
    const { results, milliseconds } = await refreshAll()
    for (const result of results)
      assert.ok(result.status === 'rejected' && context.store.isUnavailable(result.reason))
    assert.ok(milliseconds < atMost, `${milliseconds} ms`)
  }
  await ended
  for (const result of (await refreshAll()).results)
    assert.ok(result.status === 'fulfilled' && result.value.outcome === 'rotated')
  // A lock that is held for a moment is still waited for.
  const moment = await hold(context.file, 300)
  assert.equal((await refresh(context, grants[0]?.refreshToken ?? '', () => OPERATOR)).outcome, 'replayed')
  assert.equal((await logIn(context, user)).session.generation, 0)
  await moment.ended
})

test('every transaction that writes begins with the write lock', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  await logIn(context, await addUser(context.db))
  const executed = recording.executed.map(({ sql }) => sql)
  const begun = executed.flatMap((sql, index) => (sql.startsWith('begin') ? [index] : []))
  const transactions = begun.map((from, index) => executed.slice(from, begun[index + 1]))
  const writing = transactions.filter((statements) => statements.some((sql) => /^(insert|update)/.test(sql)))
  assert.ok(writing.length > 0)
  assert.deepEqual([...new Set(writing.map(([begin]) => begin))], ['begin immediate'])
})

test('a transaction that rolls back takes nothing along of what was asked meanwhile', async (t) => {
  const context = await openContext(t)
  const { db } = context
  const user = await addUser(db)
  const { refreshToken, accessToken, session } = await logIn(context, user)
  let meanwhile: Promise<readonly { readonly outcome: string }[]> = Promise.resolve([])
  const failing = db.transaction().execute(async (trx) => {
    await trx.updateTable('users').set({ username: 'renamed' }).where('id', '=', user).execute()
    meanwhile = Promise.all([
      refresh(context, refreshToken, () => OPERATOR),
      exchange(context, accessToken, () => OPERATOR),
    ])
    // Enough turns for both to reach the database.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    throw new Error('taken back')
  })
  await assert.rejects(failing, /taken back/)
  assert.deepEqual(
    (await meanwhile).map(({ outcome }) => outcome),
    ['rotated', 'exchanged'],
  )
  const { users, sessions, revokedTokens } = await storedRows(db)
  assert.equal(users[0]?.username, 'ada')
  assert.deepEqual([sessions[0]?.id, sessions[0]?.generation, revokedTokens.length], [session.id, 1, 1])
})
