import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { done, rekindle, rekindleAlone } from '../support/program.ts'
import { PASSWORD } from '../support/values.ts'
import type { Place } from './fixtures.ts'
import { doneIn, failedIn, inDatabase, listUsers, madeDatabase, seedUser } from './fixtures.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const usersIn = (database: Place) => inDatabase(database, listUsers)

describe('users add', { concurrency: 2 }, () => {
  test('on a database without users', async (t) => {
    const database = await madeDatabase(t)
    const { code, stdout, stderr } = await rekindle(['users', 'add', 'Ada'], database, `${PASSWORD}\n`)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [, id] = /: User Ada added, id ([0-9a-f-]{36})\.\n$/.exec(stdout) ?? []
    assert.deepEqual(
      (await usersIn(database)).map((user) => [user.id, user.username]),
      [[id, 'Ada']],
    )
  })

  test('a name that is taken, in whatever case', async (t) => {
    const database = await madeDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'Ada'))
    const result = await rekindle(['users', 'add', 'ADA'], database, PASSWORD)
    assert.deepEqual(result, failedIn(database, 'the username is taken: ADA'))
  })

  const names =
    'a username has 1 to 128 characters, with single spaces inside, but no other white space and no control characters'
  const empty = 'no password on standard input: its first line is the password'
  const refused: [string, string, string | Buffer, string][] = [
    ['a name with a control character', 'ada\u001b[2J', PASSWORD, names],
    ['a name that is too long', 'a'.repeat(129), PASSWORD, names],
    ['a name with two spaces', 'ada  lovelace', PASSWORD, names],
    [
      'a password that is too short',
      'ada',
      '14 characters!\n and long',
      'a password has at least 15 characters',
    ],
    ['a password that is far too long', 'ada', 'x1'.repeat(50_000), 'a password has at most 256 bytes'],
    ['a common password', 'ada', '123456789987654321', 'the password is one of the most common ones'],
    ['the username in it', 'ada', 'Ada, whoever you are', 'the password contains the username'],
    ['no password', 'ada', '', empty],
    ['an empty first line', 'ada', `\r\n${PASSWORD}\r\n`, empty],
    [
      'a password that is not UTF-8',
      'ada',
      Buffer.from('f\u00fcnfzehn', 'latin1'),
      'the password is not UTF-8',
    ],
  ]
  for (const [what, username, input, message] of refused) {
    test(`refuses ${what}`, async (t) => {
      const database = await madeDatabase(t)
      const env = { ...database, PASSWORD_MIN_LENGTH: '15' }
      assert.deepEqual(await rekindle(['users', 'add', username], env, input), failedIn(database, message))
      assert.deepEqual(await usersIn(database), [])
    })
  }

  test('four at once', async (t) => {
    const database = await madeDatabase(t)
    const names = ['a', 'b', 'c', 'd']
    const results = await Promise.all(
      names.map((name) => rekindleAlone(['users', 'add', name], database, PASSWORD)),
    )
    assert.deepEqual(
      results.map(({ stderr }) => stderr),
      ['', '', '', ''],
    )
    assert.deepEqual(
      (await usersIn(database)).map(({ username }) => username),
      names,
    )
  })
})

describe('users deactivate, activate, remove', { concurrency: 2 }, () => {
  test('by name', async (t) => {
    const database = await madeDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'ada'))
    const run = (...args: string[]) => rekindle(['users', ...args], database)
    const deactivatedAt = async () => (await usersIn(database))[0]?.deactivatedAt
    assert.deepEqual(
      await run('deactivate', 'Ada'),
      doneIn(database, 'User ada deactivated, 0 sessions ended.'),
    )
    const time = await deactivatedAt()
    assert.equal(typeof time, 'number')
    assert.equal((await run('deactivate', 'ada')).code, 0)
    assert.equal(await deactivatedAt(), time)
    assert.deepEqual(await run('activate', 'ada'), doneIn(database, 'User ada activated.'))
    assert.equal(await deactivatedAt(), null)
    assert.deepEqual(await run('remove', 'ada', '--yes'), doneIn(database, 'User ada removed.'))
    assert.deepEqual(await usersIn(database), [])
  })

  test('by id', async (t) => {
    const database = await madeDatabase(t)
    const id = await inDatabase(database, (db) => seedUser(db, 'ada'))
    assert.deepEqual(
      await rekindle(['users', 'remove', '-y', id], database),
      doneIn(database, 'User ada removed.'),
    )
  })

  for (const args of [['deactivate'], ['activate'], ['remove', '--yes']]) {
    test(`${args[0]} of nobody`, async (t) => {
      const database = await madeDatabase(t)
      const nobody = failedIn(database, 'no such user: eve')
      assert.deepEqual(await rekindle(['users', ...args, 'eve'], database), nobody)
    })
  }

  test('a name that is the id of somebody else is not taken for either', async (t) => {
    const database = await madeDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'ada', 'x-1'))
    await inDatabase(database, (db) => seedUser(db, 'X-1', 'x-2'))
    const result = await rekindle(['users', 'remove', '--yes', 'x-1'], database)
    assert.deepEqual(result, failedIn(database, 'x-1 is the id of ada and the name of x-2: use one of these'))
    assert.equal((await usersIn(database)).length, 2)
  })
})

describe('users list', () => {
  const HOSTILE = 'b\u001b]0;x\u0007\u009b2J\u202e'

  test('has aligned columns, and nothing that a terminal would obey', async (t) => {
    const database = await madeDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'ada'))
    await inDatabase(database, (db) => seedUser(db, HOSTILE, 'b'))
    const { stdout } = await rekindle(['users', 'list'], database)
    const [head = '', ada = '', hostile] = stdout.split('\n')
    assert.equal(head.indexOf('USERNAME'), ada.lastIndexOf('ada'))
    assert.equal(head.indexOf('CREATED'), ada.indexOf('1970-01-01'))
    assert.match(
      hostile ?? '',
      /^b +1970-01-01T00:00:00\.000Z +- +- +b\\u\{1b\}]0;x\\u\{7\}\\u\{9b\}2J\\u\{202e\}$/,
    )
  })

  test('--json', async (t) => {
    const database = await madeDatabase(t)
    assert.deepEqual(await rekindle(['users', 'list', '--json'], database), done('[]'))
    await inDatabase(database, (db) => seedUser(db, HOSTILE, 'b'))
    await rekindle(['users', 'deactivate', 'b'], database)
    const { stdout } = await rekindle(['users', 'list', '--json'], database)
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
    const [{ deactivated_at, ...user }] = JSON.parse(stdout)
    assert.match(deactivated_at, ISO)
    const created_at = '1970-01-01T00:00:00.000Z'
    assert.deepEqual(user, { id: 'b', username: HOSTILE, created_at, last_login_at: null, claims: {} })
  })
})
