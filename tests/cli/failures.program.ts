import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { ENTRY, failed, finish, MAIN, rekindle, start } from '../support/program.ts'
import { spawnService } from '../support/service-process.ts'
import { failedIn, fileOf, freshDatabase, inDatabase, madeDatabase, seedUser } from './fixtures.ts'

const lines = (text: string) => text.trimEnd().split('\n')

describe('wrong settings: exit code 2 and a line for each', { concurrency: 3 }, () => {
  for (const command of [['serve'], ['users', 'list']]) {
    test(command.join(' '), async (t) => {
      const env = { ...freshDatabase(t), ACCESS_TOKEN_EXPIRE_MINUTES: 'soon', PORT: '-1' }
      const { code, stdout, stderr } = await rekindle(command, env)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.equal(lines(stderr).length, 2)
      for (const name of ['ACCESS_TOKEN_EXPIRE_MINUTES', 'PORT']) {
        assert.match(stderr, new RegExp(`^rekindle: .*\\b${name}\\b`, 'm'))
      }
    })
  }

  test('only serve needs a secret in production', async (t) => {
    const env = { ...(await madeDatabase(t)), NODE_ENV: 'production' }
    const served = await rekindle(['serve'], env)
    assert.equal(served.code, 2)
    assert.match(JSON.parse(served.stdout).msg, /^JWT_SECRET_KEY is required in production/)
    assert.equal((await rekindle(['users', 'list'], env)).code, 0)
  })
})

describe('a database that is not available: exit code 1 and one line', { concurrency: 4 }, () => {
  test('a directory', async (t) => {
    const directory = dirname(fileOf(freshDatabase(t)))
    const { code, stderr } = await rekindle(['users', 'list'], { DATABASE_URL: `sqlite:${directory}` })
    assert.equal(code, 1)
    assert.match(stderr, /^rekindle: cannot open the database \S+: .*\n$/)
  })

  test('a file that is no database', async (t) => {
    const database = freshDatabase(t)
    writeFileSync(fileOf(database), 'Dear diary, today I was taken for a database. '.repeat(100))
    for (const command of ['migrate', 'serve']) {
      const refused = failed(`cannot open the database ${fileOf(database)}: file is not a database`)
      assert.deepEqual(await rekindle([command], database), refused)
    }
  })

  test('one that another process keeps locked', async (t) => {
    const database = freshDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'ada'))
    const other = new SQLite(fileOf(database))
    t.after(() => other.close())
    other.exec('begin immediate')
    // Reading is possible all the same.
    assert.equal((await rekindle(['users', 'list'], database)).code, 0)
    const refused = failedIn(database, 'the database of DATABASE_URL is not available: database is locked')
    assert.deepEqual(await rekindle(['users', 'deactivate', 'ada'], database), refused)
  })

  test('with the stack for who asks for it', async (t) => {
    const directory = dirname(fileOf(freshDatabase(t)))
    const env = { DATABASE_URL: `sqlite:${directory}`, LOG_LEVEL: 'debug' }
    const { code, stderr } = await rekindle(['users', 'list'], env)
    assert.equal(code, 1)
    assert.match(stderr, /\n {4}at /)
  })
})

test('a port that is taken', async (t) => {
  const { url } = await spawnService(t, freshDatabase(t))
  const { code, stderr } = await rekindle(['serve'], { ...freshDatabase(t), PORT: new URL(url).port })
  assert.equal(code, 1)
  assert.match(stderr, /^rekindle: .*EADDRINUSE.*\n$/)
})

test('output that nobody reads to its end is no error', async (t) => {
  const child = start([ENTRY, 'users', 'list', '--json'], await madeDatabase(t))
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [code] = await once(child, 'close')
  assert.deepEqual({ code, errors }, { code: 0, errors: '' })
})

test('src/main.cjs reports as the command does', async (t) => {
  const { code, stderr } = await finish(start([MAIN], { ...freshDatabase(t), PORT: 'x' }))
  assert.equal(code, 2)
  assert.match(stderr, /^rekindle: .*\bPORT\b.*\n$/)
})
