/** `docs/invariants.md`: "A change is on disk before it is answered." Checked on the connection that the service uses. */
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { test } from 'node:test'
import SQLite from 'better-sqlite3'
import { sql } from 'kysely'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import type { Database } from '../../src/store/schema.ts'
import { addUser, freshFile } from '../support/session-context.ts'
import { addSession } from './rows.ts'

async function pragma(db: Database, name: string): Promise<unknown> {
  const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db)
  return Object.values(rows[0] ?? {})[0]
}

// SQLite's numbers: 2 is FULL, 1 is NORMAL.
const expected = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1 }

async function pragmas(db: Database) {
  return {
    journal_mode: await pragma(db, 'journal_mode'),
    synchronous: await pragma(db, 'synchronous'),
    foreign_keys: await pragma(db, 'foreign_keys'),
  }
}

test('a fresh file, and the same file opened again: WAL, synchronous=FULL, foreign keys', async (t) => {
  const file = freshFile(t)
  for (const username of ['ada', 'bob']) {
    const store = await openStore({ dialect: 'sqlite', file })
    assert.deepEqual(await pragmas(store.db), expected, 'before a write')
    await migrate(store.db)
    await addUser(store.db, username)
    assert.deepEqual(await pragmas(store.db), expected, 'after a write')
    await store.db.transaction().execute((trx) => addUser(trx, `${username} in a transaction`))
    assert.deepEqual(await pragmas(store.db), expected, 'after a transaction')
    await store.close()
  }
})

test('a file that another program left in rollback-journal mode is brought to WAL', async (t) => {
  const file = freshFile(t)
  const other = new SQLite(file)
  other.pragma('journal_mode = delete')
  other.exec('create table something (x)')
  other.close()
  const store = await openStore({ dialect: 'sqlite', file })
  t.after(() => store.close())
  assert.deepEqual(await pragmas(store.db), expected)
})

test('foreign keys are held', async (t) => {
  const store = await openStore({ dialect: 'sqlite', file: freshFile(t) })
  t.after(() => store.close())
  await migrate(store.db)
  await assert.rejects(addSession(store.db, 'nobody'), { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
})

test('the database, with its journal, is for its owner only', {
  skip: process.platform === 'win32',
}, async (t) => {
  const file = freshFile(t)
  const store = await openStore({ dialect: 'sqlite', file })
  t.after(() => store.close())
  await migrate(store.db)
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    assert.equal((statSync(path).mode & 0o777).toString(8), '600', path.slice(file.length))
  }
})

for (const access of ['read', 'write'] as const) {
  test(`a missing file is not made by access to ${access}`, async (t) => {
    const file = freshFile(t)
    await assert.rejects(openStore({ dialect: 'sqlite', file }, access), /cannot open the database/)
    assert.ok(!existsSync(file))
  })
}
