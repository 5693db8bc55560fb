/** Imports as the database sees them: twice, at once, half, and beside other changes. */

import assert from 'node:assert/strict'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { importUsers } from '../../src/store/queries/import-users.ts'
import type { NewUser } from '../../src/store/queries/insert-user.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { createDryRun } from '../../src/users/import/dry-run.ts'
import type { DialectContext } from '../support/database.ts'
import { freshDatabase, snapshot, test } from '../support/database.ts'

const NOW = Date.UTC(2026, 10, 22)

const user = (id: string, username = `name of ${id}`, more: Partial<NewUser> = {}): NewUser => ({
  id,
  username,
  usernameKey: username.toLowerCase(),
  passwordHash: '$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG',
  work: { family: 'bcrypt', cost: 16 },
  createdAt: 1,
  now: NOW,
  ...more,
})

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => user(String(from + index)))

async function open(t: DialectContext) {
  const database = await freshDatabase(t, t.dialect)
  const connect = async () => {
    const store = await openStore(database, 'write')
    t.after(() => store.close())
    return store.db
  }
  return { database, connect, db: await connect() }
}

const outcomes = (placements: readonly { readonly outcome: string }[]) => {
  const counts: Record<string, number> = {}
  for (const { outcome } of placements) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

test('once adds, twice changes nothing', async (t) => {
  const { db, database } = await open(t)
  assert.deepEqual(outcomes(await importUsers(db, many(50))), { added: 50 })
  const before = await snapshot(database)
  assert.deepEqual(outcomes(await importUsers(db, many(50))), { unchanged: 50 })
  assert.deepEqual(await snapshot(database), before)
  // Half of a file that was interrupted is there.
  assert.deepEqual(outcomes(await importUsers(db, many(50, 25))), { added: 25, unchanged: 25 })
})

test('what a user has become since is left as it is', async (t) => {
  const { db, database } = await open(t)
  await importUsers(db, [
    user('1'),
    user('2'),
    user('3'),
    user('4'),
    user('5', 'five', { isDeactivated: true }),
  ])
  await db.updateTable('users').set({ password_hash: 'another' }).where('id', '=', '1').execute()
  await deactivateUser(db, '2', NOW, OPERATOR)
  await deleteUser(db, '3', NOW, OPERATOR)
  await db
    .updateTable('users')
    .set({ username: 'renamed', username_key: 'renamed' })
    .where('id', '=', '4')
    .execute()
  const before = await snapshot(database)
  const again = await importUsers(db, [
    user('1'),
    user('2'),
    user('3'),
    user('4'),
    user('5', 'five', { isDeactivated: true }),
  ])
  assert.deepEqual(again, [
    { outcome: 'kept' },
    { outcome: 'kept' },
    { outcome: 'id_deleted' },
    { outcome: 'id_taken', username: 'renamed' },
    { outcome: 'unchanged' },
  ])
  assert.deepEqual(await snapshot(database), before)
})

const clashes = [
  user('1', 'Ada'),
  user('2', 'ada'),
  user('1', 'Grace'),
  user('3', 'Someone'),
  user('1', 'Ada'),
  user('4', 'Nora'),
]
const CLASHES = ['added', 'username_taken', 'id_taken', 'username_taken', 'unchanged', 'added']

test('ids and names that clash are refused one by one: with others, and with each other', async (t) => {
  const { db } = await open(t)
  const other = { id: 'x', username: 'someone', usernameKey: 'someone', passwordHash: '', now: NOW }
  await insertUser(db, other, OPERATOR)
  const placements = await importUsers(db, clashes)
  assert.deepEqual(
    placements.map(({ outcome }) => outcome),
    CLASHES,
  )
  assert.deepEqual(placements[1], { outcome: 'username_taken', id: '1' })
  assert.deepEqual(placements[3], { outcome: 'username_taken', id: 'x' })
  const rows = await db.selectFrom('users').select(['id', 'username']).orderBy('id').execute()
  assert.deepEqual(
    rows.map((row) => [row.id, row.username]),
    [
      ['1', 'Ada'],
      ['4', 'Nora'],
      ['x', 'someone'],
    ],
  )
})

test('a dry run says the same, and changes nothing', async (t) => {
  const { db, database } = await open(t)
  await insertUser(
    db,
    { id: 'x', username: 'someone', usernameKey: 'someone', passwordHash: '', now: NOW },
    OPERATOR,
  )
  const before = await snapshot(database)
  const dry = createDryRun(db)
  t.after(() => dry.close())
  const whole = await dry.place(clashes)
  assert.deepEqual(
    whole.map(({ outcome }) => outcome),
    CLASHES,
  )
  // Of a line in an earlier batch
  assert.deepEqual(
    (await dry.place([user('4', 'Nora'), user('9', 'nora')])).map(({ outcome }) => outcome),
    ['unchanged', 'username_taken'],
  )
  assert.deepEqual(await snapshot(database), before)
})

test('two imports at once: each user is added by one of them', async (t) => {
  const { db, connect } = await open(t)
  const other = await connect()
  const batches = Array.from({ length: 8 }, (_, index) => many(100, index * 50))
  const totals = { added: 0, unchanged: 0 }
  const run = async (on: typeof db, parts: readonly NewUser[][]) => {
    for (const part of parts) {
      const { added = 0, unchanged = 0, ...rest } = outcomes(await importUsers(on, part))
      assert.deepEqual(rest, {})
      totals.added += added
      totals.unchanged += unchanged
    }
  }
  // The other one reads its lines in the other order, so that their locks cross.
  await Promise.all([run(db, batches), run(other, batches.map((batch) => [...batch].reverse()).reverse())])
  assert.deepEqual(totals, { added: 450, unchanged: 1600 - 450 })
  const { count } = await db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(Number(count), 450)
})

test('beside a registration of the same name: one of them has it', async (t) => {
  const { db, connect } = await open(t)
  const other = await connect()
  for (let round = 0; round < 20; round++) {
    const name = `ada ${round}`
    const registered = { id: `r${round}`, username: name, usernameKey: name, passwordHash: '', now: NOW }
    const [placements, result] = await Promise.all([
      importUsers(db, [user(`i${round}`, name)]),
      insertUser(other, registered, OPERATOR),
    ])
    const isImported = placements[0]?.outcome === 'added'
    assert.equal(typeof result === 'string', isImported)
    if (!isImported) assert.deepEqual(placements, [{ outcome: 'username_taken', id: `r${round}` }])
  }
})
