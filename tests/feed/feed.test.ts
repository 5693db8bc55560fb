/** A follower gets each entry, whoever writes it and whenever its transaction commits. */
import assert from 'node:assert/strict'
import { createFeed } from '../../src/feed/feed.ts'
import { pruneAll } from '../../src/sessions/prune.ts'
import { openStore } from '../../src/store/open.ts'
import type { Ended } from '../../src/store/queries/feed.ts'
import { insertEnded, placeEntries } from '../../src/store/queries/feed.ts'
import type { Database } from '../../src/store/schema.ts'
import { test } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { NOW, openContext } from '../support/session-context.ts'

const token = (jti: string): Ended => ({ jti, heldUntil: 0 })
const ALL = { from: 0, to: NOW }
const add = (db: Database, ...names: string[]) => insertEnded(db, names.map(token), NOW)
const seen = (page: { entries: readonly { jti: string | null }[] }) => page.entries.map(({ jti }) => jti)

async function start(t: Parameters<typeof openContext>[0]) {
  const context = await openContext(t)
  const feed = createFeed(context)
  t.after(() => feed.close())
  return { context, db: context.db, feed }
}

/** Another process with the same database */
async function another(t: Parameters<typeof openContext>[0], { database, now, settings }: StoreContext) {
  const store = await openStore(database)
  const feed = createFeed({ db: store.db, now, settings })
  t.after(async () => {
    feed.close()
    await store.close()
  })
  return { db: store.db, feed }
}

test('a snapshot, and then what came after it', async (t) => {
  const { db, feed } = await start(t)
  const empty = await feed.read(undefined, 0)
  assert.deepEqual([seen(empty), empty.isSnapshot], [[], true])
  await add(db, 'a', 'b')
  const first = await feed.read(empty.cursor, 0)
  assert.deepEqual([seen(first), first.isSnapshot], [['a', 'b'], false])
  await add(db, 'c')
  assert.deepEqual(seen(await feed.read(first.cursor, 0)), ['c'])
  assert.deepEqual(seen(await feed.read(undefined, 0)), ['a', 'b', 'c'])
  const { cursor } = await feed.read(first.cursor, 0)
  assert.deepEqual(await feed.read(cursor, 0), { entries: [], cursor, isSnapshot: false, hasMore: false })
})

test('a follower that waits gets an entry of this process at once, and of another one soon', async (t) => {
  const { context, db, feed } = await start(t)
  const other = await another(t, context)
  const { cursor } = await feed.read(undefined, 0)
  const waiting = feed.read(cursor, 20_000)
  await add(db, 'a')
  feed.wake()
  const page = await waiting
  assert.deepEqual(seen(page), ['a'])
  const next = feed.read(page.cursor, 20_000)
  await add(other.db, 'b')
  assert.deepEqual(seen(await next), ['b'])
})

test('a follower moves from one process to another', async (t) => {
  const { context, db, feed } = await start(t)
  const other = await another(t, context)
  let { cursor } = await feed.read(undefined, 0)
  for (const [index, reader] of [feed, other.feed, feed, other.feed].entries()) {
    await add(index % 2 === 0 ? db : other.db, `token ${index}`)
    const page = await reader.read(cursor, 0)
    assert.deepEqual([seen(page), page.isSnapshot], [[`token ${index}`], false])
    cursor = page.cursor
  }
})

test('an entry that is committed late is not missed', async (t) => {
  if (t.dialect === 'sqlite') return
  const { context, feed, db } = await start(t)
  const other = await another(t, context)
  const { cursor } = await feed.read(undefined, 0)
  const [written, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  // It takes the lower id, and commits after the higher one was read.
  const late = other.db.transaction().execute(async (trx) => {
    await add(trx, 'late')
    written.resolve()
    await commit.promise
  })
  await written.promise
  await add(db, 'early')
  const first = await feed.read(cursor, 0)
  assert.deepEqual(seen(first), ['early'])
  commit.resolve()
  await late
  assert.deepEqual(seen(await feed.read(first.cursor, 0)), ['late'])
})

test('many writers and readers: each entry once, in one order for all', async (t) => {
  const { context, db, feed } = await start(t)
  const other = await another(t, context)
  const start_ = (await feed.read(undefined, 0)).cursor
  let isWriting = true
  const follow = async (readers: readonly { read: typeof feed.read }[]) => {
    const got: (string | null)[] = []
    let cursor = start_
    for (let turn = 0; ; turn++) {
      const isLast = !isWriting
      const page = await (readers[turn % readers.length] ?? feed).read(cursor, 0)
      assert.ok(!page.isSnapshot)
      got.push(...seen(page))
      cursor = page.cursor
      if (isLast && page.entries.length === 0) return got
    }
  }
  const followers = [follow([feed]), follow([other.feed]), follow([feed, other.feed])]
  const writers = [db, other.db, db, other.db].map(async (to, writer) => {
    for (let index = 0; index < 50; index++) await add(to, `${writer} ${index}`)
  })
  await Promise.all(writers)
  isWriting = false
  const [one = [], two, three] = await Promise.all(followers)
  assert.equal(one.length, 200)
  assert.equal(new Set(one).size, 200)
  assert.deepEqual(two, one)
  assert.deepEqual(three, one)
})

test('after a restart the cursor is as good as before', async (t) => {
  const { context, db, feed } = await start(t)
  await add(db, 'a')
  const { cursor } = await feed.read(undefined, 0)
  feed.close()
  await add(db, 'b')
  const page = await createFeed(context).read(cursor, 0)
  assert.deepEqual([seen(page), page.isSnapshot], [['b'], false])
})

test('a restored database that lost commits: the follower starts over', async (t) => {
  const { db, feed } = await start(t)
  await add(db, 'a')
  await feed.read(undefined, 0)
  await add(db, 'lost')
  const { cursor } = await feed.read(undefined, 0)
  // As a backup from before the second entry
  await db.deleteFrom('feed').where('jti', '=', 'lost').execute()
  await db.updateTable('feed_head').set({ position: 1 }).execute()
  const missing = await feed.read(cursor, 0)
  assert.deepEqual([seen(missing), missing.isSnapshot], [['a'], true])
  await add(db, 'in its place', 'after it')
  const replaced = await feed.read(cursor, 0)
  assert.deepEqual([seen(replaced), replaced.isSnapshot], [['a', 'in its place', 'after it'], true])
})

test('a follower that waits while the database is restored is told so', async (t) => {
  const { db, feed } = await start(t)
  await add(db, 'a', 'lost')
  const { cursor } = await feed.read(undefined, 0)
  const waiting = feed.read(cursor, 20_000)
  await db.deleteFrom('feed').where('jti', '=', 'lost').execute()
  await db.updateTable('feed_head').set({ position: 1 }).execute()
  const page = await waiting
  assert.deepEqual([seen(page), page.isSnapshot], [['a'], true])
})

test('what ended longer ago than an access token lives is left out, and then pruned', async (t) => {
  const { context, db, feed } = await start(t)
  await add(db, 'old')
  const { cursor } = await feed.read(undefined, 0)
  context.clock.now += context.settings.accessTokenTtl + 120_000
  await insertEnded(db, [token('new')], context.now())
  assert.deepEqual(seen(await feed.read(undefined, 0)), ['new'])
  assert.deepEqual(seen(await feed.read(cursor, 0)), ['new'])
  context.clock.now += 3_600_000
  await pruneAll(context)
  assert.equal((await db.selectFrom('feed').selectAll().execute()).length, 1)
  const page = await createFeed(context).read(cursor, 0)
  assert.ok(page.isSnapshot, 'its entry is gone, so nothing says that it missed none')
})

test('a follower whose entry was pruned does not turn in circles', async (t) => {
  const { db, feed } = await start(t)
  await add(db, 'a')
  const { cursor } = await feed.read(undefined, 0)
  await db.deleteFrom('feed').execute()
  const over = await feed.read(cursor, 0)
  assert.deepEqual([over.entries, over.isSnapshot], [[], true])
  const waiting = feed.read(over.cursor, 20_000)
  await add(db, 'b')
  assert.deepEqual(seen(await waiting), ['b'])
})

test('pages: a follower that is behind gets one after the other, without waiting', async (t) => {
  const { db, feed } = await start(t)
  await add(db, ...Array.from({ length: 5001 }, (_, index) => `token ${index}`))
  const first = await feed.read(undefined, 20_000)
  assert.deepEqual([first.entries.length, first.hasMore, first.isSnapshot], [5000, true, true])
  const second = await feed.read(first.cursor, 20_000)
  assert.deepEqual([second.entries.length, second.hasMore, second.isSnapshot], [1, false, false])
})

test('when the wait is over, the answer says that there is nothing', async (t) => {
  const { feed } = await start(t)
  const { cursor } = await feed.read(undefined, 0)
  assert.deepEqual(await feed.read(cursor, 150), { entries: [], cursor, isSnapshot: false, hasMore: false })
})

test('a follower that has gone waits no longer, and a closed feed lets all go', async (t) => {
  const { feed } = await start(t)
  const { cursor } = await feed.read(undefined, 0)
  const left = new AbortController()
  const gone = feed.read(cursor, 20_000, left.signal)
  const stays = feed.read(cursor, 20_000)
  while (feed.followers < 2) await new Promise(setImmediate)
  left.abort()
  await gone
  assert.equal(feed.followers, 1)
  feed.close()
  assert.deepEqual((await stays).entries, [])
})

test('without the database nothing is answered: not that there is nothing', async (t) => {
  const { context, feed } = await start(t)
  const { cursor } = await feed.read(undefined, 0)
  const waiting = feed.read(cursor, 300)
  const failed = assert.rejects(waiting)
  await context.store.close()
  await failed
  await assert.rejects(feed.read(cursor, 0))
})

test('positions are given by one process at a time', async (t) => {
  const { context, db } = await start(t)
  const other = await another(t, context)
  await add(db, ...Array.from({ length: 30 }, (_, index) => `token ${index}`))
  await Promise.all([db, other.db, db].map((one) => placeEntries(one, ALL)))
  const rows = await db.selectFrom('feed').select('position').orderBy('position').execute()
  assert.deepEqual(
    rows.map(({ position }) => position),
    rows.map((_, index) => index + 1),
  )
})
