import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname } from 'node:path'
import { test } from 'node:test'
import SQLite from 'better-sqlite3'
import { backupSqlite } from '../../src/store/sqlite/backup.ts'
import { freshFile } from '../support/session-context.ts'

test('a write between any two turns of the loop keeps no backup from its end', {
  timeout: 180_000,
}, async (t) => {
  const file = freshFile(t)
  const database = new SQLite(file)
  database.pragma('journal_mode = WAL')
  database.exec(`create table rows as with recursive n(value) as
    (select 1 union all select value + 1 from n limit 20000) select value, hex(randomblob(50)) as text from n`)
  let writes = 0
  t.after(() => {
    writes = Number.POSITIVE_INFINITY
  })
  const write = () => {
    if (writes === Number.POSITIVE_INFINITY) return void database.close()
    database.exec(`update rows set text = '${writes++}' where value = 1`)
    setImmediate(write)
  }
  write()
  const started = performance.now()
  await backupSqlite(file, `${file}.backup`)
  t.diagnostic(`${writes} writes in ${Math.round(performance.now() - started)} ms`)
  assert.ok(writes > 1)
  const copy = new SQLite(`${file}.backup`, { readonly: true })
  assert.equal(copy.prepare('select count(*) from rows').pluck().get(), 20_000)
  copy.close()
})

test('a power cut leaves a whole backup or none: the file is on disk before it has its name, and then the name is', async (t) => {
  const file = freshFile(t)
  const database = new SQLite(file)
  database.exec('create table rows (value)')
  database.close()
  const calls: string[] = []
  const paths = new Map<number, string>()
  const shorten = (path: fs.PathLike) => String(path).replace(/backup\.[\w-]+\.tmp$/, 'backup.tmp')
  const { openSync, fsyncSync, renameSync } = fs
  t.mock.method(fs, 'openSync', (path: string, ...more: [fs.OpenMode, fs.Mode?]) => {
    const handle = openSync(path, ...more)
    paths.set(handle, shorten(path))
    return handle
  })
  t.mock.method(fs, 'fsyncSync', (handle: number) => {
    fsyncSync(handle)
    calls.push(`sync ${paths.get(handle)}`)
  })
  t.mock.method(fs, 'renameSync', (from: string, to: string) => {
    renameSync(from, to)
    calls.push(`rename ${shorten(from)} ${to}`)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const backup = `${file}.backup`
  await backupSqlite(file, backup)
  const directory = process.platform === 'win32' ? [] : [`sync ${dirname(backup)}`]
  assert.deepEqual(calls, [`sync ${backup}.tmp`, `rename ${backup}.tmp ${backup}`, ...directory])
})

test('of a database whose index does not fit its table there is no backup', async (t) => {
  const file = freshFile(t)
  const database = new SQLite(file)
  database.exec(
    `create table rows (one, other); create index by_one on rows (one); insert into rows values (1, 2)`,
  )
  database.unsafeMode()
  database.pragma('writable_schema = ON')
  database.exec(`update sqlite_schema set sql = 'create index by_one on rows (other)' where name = 'by_one'`)
  database.close()
  await assert.rejects(backupSqlite(file, `${file}.backup`), /the copy is corrupt/)
  assert.deepEqual(fs.readdirSync(dirname(file)), ['rekindle.db'])
})
