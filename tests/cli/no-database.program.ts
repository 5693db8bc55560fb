/** Only `serve`, `migrate` and `copy --to` make a database. Everything else refuses one that is not there, and names it. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { migrations } from '../../src/store/migrations.ts'
import { freshDatabase as freshStore, snapshot } from '../support/database.ts'
import { failed, rekindle, rekindleAlone } from '../support/program.ts'
import { spawnService } from '../support/service-process.ts'
import { PASSWORD } from '../support/values.ts'
import { fileOf, freshDatabase, madeDatabase } from './fixtures.ts'

const COMMANDS = [
  ['prune'],
  ['users', 'add', 'ada'],
  ['users', 'list'],
  ['users', 'list', '--json'],
  ['users', 'export', 'ada'],
  ['users', 'password', 'ada'],
  ['users', 'rename', 'ada', 'grace'],
  ['users', 'deactivate', 'ada'],
  ['users', 'activate', 'ada'],
  ['users', 'remove', 'ada', '--yes'],
  ['sessions', 'list'],
  ['sessions', 'explain', '--user', 'ada'],
  ['sessions', 'revoke', 'x'],
  ['sessions', 'revoke', '--user', 'ada'],
  ['sessions', 'revoke', '--all'],
  ['events'],
  ['events', '--follow'],
]

const JWT_SECRET_KEY = 'qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3MgRoViKt5'

const TABLES =
  'it has no tables of this service. Is it the right database? Only rekindle migrate and rekindle serve make them'

describe('a file that is not there', { concurrency: 2 }, () => {
  for (const command of [...COMMANDS, ['backup', '/tmp/rekindle-never-made.db']]) {
    test(command.join(' '), async (t) => {
      const database = freshDatabase(t)
      const file = fileOf(database)
      const refused = failed(
        `${file}: there is no such database. DATABASE_URL names it; rekindle migrate or rekindle serve makes a new one`,
      )
      assert.deepEqual(await rekindle(command, database, PASSWORD), refused)
      assert.deepEqual(readdirSync(dirname(file)), [])
    })
  }

  test('the source of a copy', async (t) => {
    const [from, to] = [freshDatabase(t), freshDatabase(t)]
    const result = await rekindle(['copy', '--from', from.DATABASE_URL, '--to', to.DATABASE_URL])
    assert.deepEqual(result, failed(`no such file: ${fileOf(from)}`))
    assert.ok(!existsSync(fileOf(from)) && !existsSync(fileOf(to)))
  })

  test('a relative path is told with the directory that it counted from', async (t) => {
    const file = fileOf(freshDatabase(t))
    const DATABASE_URL = `sqlite:${relative(process.cwd(), file)}`
    const { code, stderr } = await rekindleAlone(['sessions', 'revoke', '--all'], { DATABASE_URL })
    assert.equal(code, 1)
    assert.ok(stderr.startsWith(`rekindle: ${file}: there is no such database`), stderr)
  })
})

describe('a file without our tables', { concurrency: 2 }, () => {
  for (const command of [...COMMANDS, ['backup', '/tmp/rekindle-never-made.db']]) {
    test(command.join(' '), async (t) => {
      const database = freshDatabase(t)
      const file = fileOf(database)
      new SQLite(file).exec('create table another (a)').close()
      const before = readFileSync(file)
      assert.deepEqual(await rekindle(command, database, PASSWORD), failed(`${file}: ${TABLES}`))
      const tables = new SQLite(file, { readonly: true })
      assert.deepEqual(tables.prepare('select name from sqlite_schema').pluck().all(), ['another'])
      tables.close()
      assert.ok(readFileSync(file).length <= 2 * before.length)
    })
  }

  test('not even an empty one', async (t) => {
    const database = freshDatabase(t)
    writeFileSync(fileOf(database), '')
    const result = await rekindle(['sessions', 'revoke', '--all'], database)
    assert.deepEqual(result, failed(`${fileOf(database)}: ${TABLES}`))
  })

  test('on PostgreSQL, without the password in the name', async (t) => {
    const database = await freshStore(t, 'postgres', 'template0')
    assert.ok(database.dialect === 'postgres')
    const { host, pathname } = new URL(database.url)
    for (const command of COMMANDS) {
      const result = await rekindle(command, { DATABASE_URL: database.url, JWT_SECRET_KEY }, PASSWORD)
      assert.deepEqual(result, failed(`postgres://${host}${pathname}: ${TABLES}`), command.join(' '))
    }
    assert.deepEqual(await snapshot(database), [])
  })
})

describe('an older schema is not migrated by the way', { concurrency: 2 }, () => {
  for (const command of COMMANDS) {
    test(command.join(' '), async (t) => {
      const database = await madeDatabase(t)
      const last = Object.keys(migrations).at(-1)
      const sqlite = new SQLite(fileOf(database))
      sqlite.prepare('delete from kysely_migration where name = ?').run(last)
      const count = () => sqlite.prepare('select count(*) from kysely_migration').pluck().get()
      const before = count()
      const older = 'its schema is older than this program: run rekindle migrate first'
      assert.deepEqual(
        await rekindle(command, database, PASSWORD),
        failed(`${fileOf(database)}: ${older} (${last})`),
      )
      assert.equal(count(), before)
      sqlite.close()
    })
  }
})

describe('what names the database', { concurrency: 2 }, () => {
  test('each outcome', async (t) => {
    const database = await madeDatabase(t)
    const file = fileOf(database)
    const commands: readonly (readonly [args: string[], outcome: string | RegExp])[] = [
      [['users', 'add', 'ada'], /^User ada added, id /],
      [['users', 'password', 'ada'], 'Password of ada set, 0 sessions ended.'],
      [['users', 'rename', 'ada', 'grace'], 'User ada renamed to grace.'],
      [['users', 'deactivate', 'grace'], 'User grace deactivated, 0 sessions ended.'],
      [['users', 'activate', 'grace'], 'User grace activated.'],
      [['sessions', 'revoke', '--user', 'grace'], '0 sessions of grace ended.'],
      [['sessions', 'revoke', '--all'], '0 sessions ended.'],
      [['users', 'remove', 'grace', '--yes'], 'User grace removed.'],
      [['prune'], /^\d+ sessions, 0 revoked tokens, \d+ events deleted\.$/],
      [['migrate'], 'The schema is up to date.'],
      [['migrate', '--dry-run'], 'The schema is up to date.'],
      [['backup', `${file}.backup`], `${file}.backup written and checked.`],
    ]
    for (const [args, outcome] of commands) {
      const { stdout, stderr } = await rekindle(args, database, PASSWORD)
      assert.equal(stderr, '')
      assert.ok(stdout.startsWith(`${file}: `), stdout)
      const rest = stdout.slice(`${file}: `.length).trimEnd()
      if (typeof outcome === 'string') assert.equal(rest, outcome)
      else assert.match(rest, outcome)
    }
  })

  test('each failure, and lists beside their rows', async (t) => {
    const database = await madeDatabase(t)
    const file = fileOf(database)
    for (const args of [
      ['users', 'deactivate', 'eve'],
      ['sessions', 'revoke', '--user', 'eve'],
      ['events', '--user', 'eve'],
    ])
      assert.deepEqual(await rekindle(args, database), failed(`${file}: no such user: eve`))
    for (const [args, rows] of [
      [['users', 'list'], '0 users'],
      [['sessions', 'list'], '0 sessions'],
      [['events'], '0 events'],
    ] as const)
      assert.equal((await rekindle(args, database)).stderr, `${file}: ${rows}.\n`)
  })

  test('serve says when it made a new one, and only then', async (t) => {
    const env = { ...freshDatabase(t), NODE_ENV: 'production' }
    const lines = []
    for (const _ of [1, 2]) {
      const service = await spawnService(t, { ...env, JWT_SECRET_KEY })
      await service.stop('SIGTERM')
      lines.push(service.printed.filter((line) => line.includes('new database')))
    }
    assert.deepEqual(
      lines.map(({ length }) => length),
      [1, 0],
    )
    const { level, data } = JSON.parse(lines[0]?.[0] ?? '{}')
    assert.deepEqual({ level, data }, { level: 40, data: fileOf(env) })
  })
})
