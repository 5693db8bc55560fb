import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { migrations } from '../../src/store/migrations.ts'
import { freshDatabase as freshStore, snapshot } from '../support/database.ts'
import { done, rekindle, rekindleAlone } from '../support/program.ts'
import type { Place } from './fixtures.ts'
import { doneIn, failedIn, fileOf, freshDatabase } from './fixtures.ts'

const names = Object.keys(migrations)
const all = `${names.length} migrations run:\n${names.join('\n')}`
const planned = (where: string) => `${names.length} migrations to run${where}:\n${names.join('\n')}`
const EMPTY = ', in a database without tables of this service'
const FUTURE = '9999_from_the_future'
const DEMANDING = '9999_from_the_future_needs_9999'
const REFUSED = `the database is newer than this program, which does not know its migrations: ${DEMANDING}`
const beside = (database: Place) =>
  `${fileOf(database)}: The schema is newer than this program, which works beside it: ${FUTURE}\n`

describe('migrate', { concurrency: 2 }, () => {
  test('lists what it ran, once', async (t) => {
    const database = freshDatabase(t)
    assert.deepEqual(await rekindle(['migrate'], database), doneIn(database, all))
    assert.deepEqual(await rekindle(['migrate'], database), doneIn(database, 'The schema is up to date.'))
  })

  test('four at once, on a database that is not there yet: each migration once', async (t) => {
    const database = freshDatabase(t)
    const results = await Promise.all(Array.from({ length: 4 }, () => rekindleAlone(['migrate'], database)))
    assert.deepEqual([...new Set(results.map(({ code, stderr }) => `${code}${stderr}`))], ['0'])
    const ran = results.flatMap(({ stdout }) => stdout.split('\n').filter((line) => names.includes(line)))
    assert.deepEqual(ran.sort(), names)
  })

  test('--dry-run lists the same and makes nothing, not even the directory', async (t) => {
    const database = freshDatabase(t)
    const directory = dirname(fileOf(database))
    const place = { DATABASE_URL: `sqlite:${directory}/not-there/x.db` }
    assert.deepEqual(
      await rekindle(['migrate', '--dry-run'], place),
      doneIn(place, planned(', in a new database')),
    )
    assert.ok(!existsSync(`${directory}/not-there`))
    // A database of another program, without WAL, stays without it.
    new SQLite(fileOf(database)).exec('create table another (a)').close()
    const before = readFileSync(fileOf(database))
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], database), doneIn(database, planned(EMPTY)))
    assert.deepEqual([readdirSync(directory), readFileSync(fileOf(database))], [['x.db'], before])
  })

  test('--dry-run on PostgreSQL', async (t) => {
    const database = await freshStore(t, 'postgres', 'template0')
    const place = { DATABASE_URL: database.dialect === 'postgres' ? database.url : '' }
    const { host, pathname } = new URL(place.DATABASE_URL)
    const doneHere = (line: string) => done(`postgres://${host}${pathname}: ${line}`)
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], place), doneHere(planned(EMPTY)))
    assert.deepEqual(await snapshot(database), [])
    assert.deepEqual(await rekindle(['migrate'], place), doneHere(all))
    assert.deepEqual(await rekindle(['migrate', '--dry-run'], place), doneHere('The schema is up to date.'))
  })

  for (const [args, outcome] of [
    [['migrate'], beside],
    [['migrate', '--dry-run'], beside],
    [['users', 'list', '--json'], () => '[]\n'],
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
      const { code, stdout } = await rekindle(args, database)
      assert.deepEqual([code, stdout], [0, outcome(database)])
      record(DEMANDING)
      assert.deepEqual(await rekindle(args, database), failedIn(database, REFUSED))
    })
  }
})
