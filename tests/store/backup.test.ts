import assert from 'node:assert/strict'
import { test } from 'node:test'
import SQLite from 'better-sqlite3'
import { backupSqlite } from '../../src/store/sqlite/backup.ts'
import { freshFile } from '../support/session-context.ts'

test('a write between any two turns of the loop keeps no backup from its end', {
  timeout: 30_000,
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
