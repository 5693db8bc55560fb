import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { migrations } from '../../src/store/migrations.ts'
import { freshDatabase as freshStore, snapshot } from '../support/database.ts'
import { done, failed, rekindle } from '../support/program.ts'
import { fileOf, freshDatabase } from './fixtures.ts'

const all = Object.keys(migrations).join('\n')
const FUTURE = '9999_from_the_future'
const DEMANDING = '9999_from_the_future_needs_9999'
const refused = failed(
  `the database is newer than this program, which does not know its migrations: ${DEMANDING}`,
)
const newer = done(`The schema is newer than this program, which works beside it: ${FUTURE}`)

describe('migrate', { concurrency: 2 }, () => {
  test('lists what it ran, once', async (t) => {
    const database = freshDatabase(t)
    assert.deepEqual(await rekindle(['migrate'], database), done(all))
    assert.deepEqual(await rekindle(['migrate'], database), done('The schema is up to date.'))
  })

  test('--dry-run lists the same and makes nothing, not even the directory', async (t) => {
    const database = freshDatabase(t)
    const directory = dirname(fileOf(database))
    const place = { DATABASE_URL: `sqlite:${directory}/not-there/x.db` }
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], place), done(all))
    assert.ok(!existsSync(`${directory}/not-there`))
    // A database of another program, without WAL, stays without it.
    new SQLite(fileOf(database)).exec('create table another (a)').close()
    const before = readFileSync(fileOf(database))
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], database), done(all))
    assert.deepEqual([readdirSync(directory), readFileSync(fileOf(database))], [['x.db'], before])
  })

  test('--dry-run on PostgreSQL', async (t) => {
    const database = await freshStore(t, 'postgres', 'template0')
    const place = { DATABASE_URL: database.dialect === 'postgres' ? database.url : '' }
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], place), done(all))
    assert.deepEqual(await snapshot(database), [])
    assert.deepEqual(await rekindle(['migrate'], place), done(all))
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], place), done('The schema is up to date.'))
  })

  for (const [args, beside] of [
    [['migrate'], newer],
    [['migrate', '--dry-run'], newer],
    [['users', 'list', '--json'], done('[]')],
  ] as const) {
    test(`${args.join(' ')}: a database that is newer than the program`, async (t) => {
      const database = freshDatabase(t)
      await rekindle(['migrate'], database)
      const record = (name: string) => {
        const sqlite = new SQLite(fileOf(database))
        sqlite.exec(`delete from kysely_migration where name like '9999%'`)
        sqlite.exec(`insert into kysely_migration values ('${name}', '2026-11-22T08:00:00.000Z')`)
        sqlite.close()
      }
      record(FUTURE)
      assert.deepEqual(await rekindle(args, database), beside)
      record(DEMANDING)
      assert.deepEqual(await rekindle(args, database), refused)
    })
  }
})
