/** The log does not grow forever: a thread moves committed pages from it into the file. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import SQLite from 'better-sqlite3'
import { sql } from 'kysely'
import { openStore } from '../../src/store/open.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, openContext } from '../support/session-context.ts'
import { runChild } from './children/run.ts'
import { addSession } from './rows.ts'

const MIB = 2 ** 20
// A row of ten pages
const WIDE = { user_agent: 'x'.repeat(38_000) }

/** Sessions of ten pages each, two per commit. @returns the maximum size of the log in bytes */
async function fill(context: StoreContext, user: string, commits: number): Promise<number> {
  let longest = 0
  for (let commit = 0; commit < commits; commit++) {
    const rows = Array.from({ length: 2 }, () => addSession(context.db, user, WIDE))
    await Promise.all(rows)
    await new Promise(setImmediate)
    longest = Math.max(longest, statSync(`${context.file}-wal`).size)
  }
  return longest
}

async function open(t: TestContext) {
  const context = await openContext(t)
  return { context, user: await addUser(context.db) }
}

test('far more is written than the log may hold', async (t) => {
  const { context, user } = await open(t)
  const longest = await fill(context, user, 650)
  t.diagnostic(`log ${(longest / MIB).toFixed(0)} MiB`)
  assert.ok(statSync(context.file).size > 30 * MIB, 'much was written, and moved')
  assert.ok(longest < 50 * MIB, `${longest} bytes of log`)
})

test('a thread that gets no time to work: writers wait for it, before the log is too long', async (t) => {
  const { context, user } = await open(t)
  const held: (() => void)[] = []
  let isHeld = true
  const { postMessage } = Worker.prototype
  t.mock.method(Worker.prototype, 'postMessage', function (this: Worker, message: unknown) {
    if (isHeld) held.push(() => postMessage.call(this, message))
    else postMessage.call(this, message)
  })
  const writing = fill(context, user, 650)
  // Long enough for writers that do not wait
  for (let turns = 0; turns < 100; ) {
    await new Promise(setImmediate)
    if (statSync(`${context.file}-wal`).size > 46 * MIB) turns++
  }
  isHeld = false
  for (const release of held) release()
  const longest = await writing
  assert.ok(longest < 50 * MIB, `${longest} bytes of log`)
})

test('a store that is closed in the middle of it leaves a whole database, and no log', async (t) => {
  const { context, user } = await open(t)
  await fill(context, user, 120)
  await context.store.close()
  assert.equal(existsSync(`${context.file}-wal`), false)
  const database = new SQLite(context.file, { readonly: true })
  t.after(() => database.close())
  assert.equal(database.pragma('integrity_check', { simple: true }), 'ok')
  assert.equal(database.prepare('select count(*) from sessions').pluck().get(), 240)
})

test('a process that only closes the store, in the middle of it, waits for that and ends well', async (t) => {
  const { context, user } = await open(t)
  await context.store.close()
  assert.deepEqual(await runChild('fill.ts', context.file, user), { code: 0, output: '' })
})

// The locks that the system lists: `2: POSIX  ADVISORY  READ 14251 fe:00:2149450 1073741826 1073742335`
const LOCKS = '/proc/locks'
const skip = existsSync(LOCKS) ? false : `no ${LOCKS}`

test('the file stays locked as long as one store is open, however many were opened and closed', {
  skip,
}, async (t) => {
  const { context, user } = await open(t)
  const inode = new RegExp(` ${process.pid} \\S+:${statSync(context.file).ino} `)
  const isLocked = () =>
    readFileSync(LOCKS, 'utf8')
      .split('\n')
      .some((line) => inode.test(line))
  const second = await openStore(context.database)
  await fill(context, user, 120)
  assert.equal(isLocked(), true, 'one was opened')
  await fill({ ...context, db: second.db }, user, 120)
  await second.close()
  assert.equal(isLocked(), true, 'one was closed')
  await context.store.close()
  assert.equal(isLocked(), false)
})

test('a file that was moved away is not made anew, and writing goes on', async (t) => {
  const { context, user } = await open(t)
  renameSync(context.file, `${context.file}.moved`)
  // Time stands still, because the store looks at the file again after 100 ms.
  const now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const warned = once(process, 'warning')
  for (let commit = 0; commit < 130; commit++) {
    await Promise.all(Array.from({ length: 2 }, () => addSession(context.db, user, WIDE)))
    await new Promise(setImmediate)
  }
  assert.equal(existsSync(context.file), false)
  const [warning] = await warned
  assert.match(String(warning), /SQLite does its checkpoints itself/)
  await context.store.close()
})

test('a reader in the way: the log grows and writing goes on; when it has gone the log is taken back', async (t) => {
  const { context, user } = await open(t)
  const reader = new SQLite(context.file)
  t.after(() => reader.close())
  reader.exec('begin')
  reader.prepare('select count(*) from users').get()
  assert.ok((await fill(context, user, 650)) > 50 * MIB, 'nothing can begin anew')
  reader.exec('commit')
  await fill(context, user, 250)
  assert.ok(statSync(`${context.file}-wal`).size < 44 * MIB, 'it began anew')
  const { rows } = await sql<{ count: number }>`select count(*) as count from sessions`.execute(context.db)
  assert.equal(rows[0]?.count, 900 * 2)
})
