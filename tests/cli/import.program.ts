/** `rekindle users import`: what it reads, what it refuses and why, and that it can be killed and run again. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { ENTRY, rekindle, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Place } from './fixtures.ts'
import { doneIn, failedIn, fileOf, inDatabase, listUsers, madeDatabase, seedUser } from './fixtures.ts'

const HASH = '$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG'

const summary = (added: number, unchanged = 0, kept = 0, refused = 0) =>
  `${added} user${added === 1 ? '' : 's'} added and compared, ${unchanged} there already, ${kept} there and changed since, which stay as they are, ${refused} refused.`

/** A file beside the database */
function fileBeside(place: Place, name: string, content: string | Buffer): string {
  const file = join(dirname(fileOf(place)), name)
  writeFileSync(file, content)
  return file
}

const ndjson = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const imported = (place: Place, file: string, ...options: string[]) =>
  rekindle(['users', 'import', file, ...options], place)

const usersOf = async (place: Place) =>
  (await inDatabase(place, listUsers)).map(({ id, username, createdAt, deactivatedAt }) => ({
    id,
    username,
    createdAt: new Date(createdAt).toISOString(),
    isDeactivated: deactivatedAt !== null,
  }))

const ADA = { id: '1', username: 'Ada', createdAt: '2019-05-04T08:00:00.000Z', isDeactivated: false }
const GRACE = {
  id: 'b/2',
  username: 'Grace Hopper',
  createdAt: '2019-05-04T08:00:00.000Z',
  isDeactivated: true,
}

describe('users import', () => {
  test('NDJSON, with a byte order mark, empty lines, and the ends of lines of Windows', async (t) => {
    const place = await madeDatabase(t)
    const at = '2019-05-04T10:00:00+02:00'
    const lines = [
      { id: '1', username: 'Ada', password_hash: HASH, created_at: at },
      { id: 'b/2', username: 'Grace Hopper', created_at: at, deactivated: true },
    ].map((row) => JSON.stringify(row))
    const file = fileBeside(place, 'users.jsonl', `\ufeff${lines[0]}\r\n\r\n${lines[1]}`)
    assert.deepEqual(await imported(place, file), doneIn(place, summary(2)))
    assert.deepEqual(await usersOf(place), [ADA, GRACE])
    assert.deepEqual(await imported(place, file), doneIn(place, summary(0, 2)))
    assert.deepEqual(await imported(place, file, '--dry-run'), {
      ...doneIn(
        place,
        `Nothing was changed. ${summary(0, 2).replace('added and compared', 'would be added')}`,
      ),
    })
  })

  test('claims, in both formats; reserved ones are refused', async (t) => {
    const place = await madeDatabase(t)
    const claims = { roles: ['editor'], tenant: 7 }
    const lines = ndjson([
      { id: '1', username: 'Ada', claims },
      { id: '2', username: 'Grace', claims: { sub: '1' } },
    ])
    const file = fileBeside(place, 'users.ndjson', lines)
    const first = await imported(place, file)
    assert.match(first.stderr, /line 2: claims\.sub: Is a claim that only this service sets/)
    const csv = 'id,username,claims\n3,Alan,"{""roles"":[""editor""],""tenant"":7}"\n4,Kurt,[]\n5,Emmy,so'
    const second = await imported(place, fileBeside(place, 'users.csv', csv))
    assert.match(second.stderr, /line 3: claims: .*\n.*line 4: claims: /)
    const kept = await inDatabase(place, listUsers)
    assert.deepEqual(
      kept.map((user) => [user.username, user.claims]),
      [
        ['Ada', JSON.stringify(claims)],
        ['Alan', JSON.stringify(claims)],
      ],
    )
    assert.match((await imported(place, file)).stdout, / 1 there already/)
  })

  test('CSV, with quotations over lines and the booleans of databases', async (t) => {
    const place = await madeDatabase(t)
    const file = fileBeside(
      place,
      'users.CSV',
      `\ufeffusername,id,deactivated,created_at,password_hash\r\n"Ada",1,f,2019-05-04T08:00:00Z,"${HASH}"\r\n\r\nGrace Hopper,b/2,T,2019-05-04T08:00:00Z,\r\n`,
    )
    assert.deepEqual(await imported(place, file), doneIn(place, summary(2)))
    assert.deepEqual(await usersOf(place), [ADA, GRACE])
  })

  test('each refused line is named with its reason, and the others are added', async (t) => {
    const place = await madeDatabase(t)
    await inDatabase(place, (db) => seedUser(db, 'Someone', 'x'))
    const good = { id: '1', username: 'Ada' }
    const lines = [
      JSON.stringify(good),
      '{"id": "2", "username": ',
      '[]',
      '"text"',
      JSON.stringify({ username: 'Nobody' }),
      JSON.stringify({ id: '3', username: 'Bob', password: 'correct horse battery staple' }),
      JSON.stringify({ id: '3', username: 'Bob', password_hash: 'hunter2' }),
      JSON.stringify({ id: '3', username: 'Bob', password_hash: '5f4dcc3b5aa765d61d8327deb882cf99' }),
      JSON.stringify({ id: '3', username: 'Bob', password_hash: HASH.replace('$04$', '$31$') }),
      JSON.stringify({ id: '..', username: 'Bob' }),
      JSON.stringify({ id: '3', username: 'Bob\u202e' }),
      JSON.stringify({ id: '3', username: 'Bob', created_at: '2999-01-01T00:00:00Z' }),
      JSON.stringify({ id: '3', username: 'someone' }),
      JSON.stringify({ id: 'x', username: 'Bob' }),
      JSON.stringify({ id: '4', username: 'ADA' }),
      `{"id": "5", "username": "${'a'.repeat(70_000)}"}`,
      JSON.stringify({ id: '6', username: 'Last' }),
    ]
    const bytes = Buffer.concat([
      Buffer.from(`${lines.join('\n')}\n`),
      Buffer.from('{"id": "7", "username": "\xfc"}\n', 'latin1'),
    ])
    const file = fileBeside(place, 'users.ndjson', bytes)
    const refused = join(dirname(file), 'refused.ndjson')
    const { code, stdout, stderr } = await imported(place, file, '--refused', refused)
    assert.equal(code, 1)
    assert.equal(stdout, `${fileOf(place)}: ${summary(2, 0, 0, 16)}\n`)
    const report = readFileSync(refused, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const reasons = Object.fromEntries(report.map(({ line, message }) => [line, message]))
    const name =
      'username: Expected no white space but single spaces between words, and no control, format or replacement characters'
    assert.deepEqual(reasons, {
      2: 'is not JSON',
      3: 'line: Expected the type object',
      4: 'line: Expected the type object',
      5: 'id: Is missing',
      6: 'password: Is not in the contract',
      7: 'password_hash: Expected a hash of Argon2, bcrypt, scrypt or PBKDF2 in one of the documented forms',
      8: 'password_hash: Is a fast digest, from which passwords can be guessed. Leave it out, and let the user set a new password',
      9: 'password_hash: Expected a hash of lower cost: the cost of bcrypt is at most 14',
      10: 'id: Expected printable characters, no white space at the ends, and neither `.` nor `..`',
      11: name,
      12: 'created_at: Expected a time that is not in the future',
      13: 'username: is that of the user with the id x',
      14: 'id: is that of the user Someone',
      15: 'username: is that of the user with the id 1',
      16: 'is longer than 65536 bytes',
      18: 'is not UTF-8',
    })
    assert.equal(statSync(refused).mode & 0o777, 0o600)
    for (const secret of ['hunter2', '5f4dcc3b', HASH.slice(7), 'correct horse'])
      assert.ok(!`${stdout}${stderr}${readFileSync(refused, 'utf8')}`.includes(secret), secret)
    assert.match(stderr, /^line 2: is not JSON\n/)
    assert.ok(stderr.endsWith(`16 lines refused: see ${refused}\n`), stderr)
    assert.deepEqual(
      (await usersOf(place)).map(({ username }) => username),
      ['Ada', 'Last', 'Someone'],
    )
    // A report is never overwritten.
    const again = await imported(place, file, '--refused', refused)
    assert.deepEqual(again, failedIn(place, `${refused} is there already`))
  })

  test('only the first refusals are shown', async (t) => {
    const place = await madeDatabase(t)
    const file = fileBeside(place, 'users.ndjson', '{}\n'.repeat(1000))
    const { code, stderr } = await imported(place, file)
    assert.equal(code, 1)
    assert.equal(stderr.split('\n').filter((line) => line.startsWith('line ')).length, 20)
    assert.ok(stderr.endsWith('1000 lines refused: --refused writes all of them to a file\n'))
  })

  test('CSV that cannot be read any further says where, and what came before it is kept', async (t) => {
    const place = await madeDatabase(t)
    const broken = ['2,"Gra"ce', '2,"Grace', '2,Gra"ce', `2,"${'x'.repeat(70_000)}`]
    for (const [index, line] of broken.entries()) {
      const before = `id,username\na${index},Ada ${index}\n`
      const file = fileBeside(place, 'a.csv', `${before}${line}\n3,Nora\n`)
      const { code, stdout, stderr } = await imported(place, file)
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^line 3: is not CSV, so that the rest of the file cannot be read \((CSV_)?\w+\)\n/,
      )
      assert.match(stdout, /: 1 user added and compared, .* 1 refused/)
    }
    for (const head of ['id,username,email', 'id,username,id', 'ada,1'])
      assert.match(
        (await imported(place, fileBeside(place, 'b.csv', `${head}\n1,2,3\n`))).stderr,
        /line 1: expected names of members, each once: username, id, password_hash, created_at, deactivated/,
      )
    const short = await imported(place, fileBeside(place, 'c.csv', 'id,username\n9,Ada\n8\n7,Nora,Extra\n'))
    assert.match(short.stderr, /line 3: has 1 fields, and the first line has 2\nline 4: has 3 fields/)
  })

  test('files that are none, and databases that are not there', async (t) => {
    const place = await madeDatabase(t)
    const other = fileBeside(place, 'users.txt', '')
    assert.equal((await imported(place, other)).code, 2)
    assert.match((await imported(place, join(dirname(other), 'no.csv'))).stderr, /no such file: /)
    assert.match((await imported(place, dirname(other))).stderr, /has to end with/)
    assert.deepEqual(await imported(place, fileBeside(place, 'empty.csv', '')), doneIn(place, summary(0)))
    assert.deepEqual(await imported(place, fileBeside(place, 'empty.ndjson', '')), doneIn(place, summary(0)))
  })
})

const USERS = 20_000
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${index}`,
    username: `user ${index}`,
    password_hash: HASH,
  }))

const countOf = (place: Place) => {
  const database = new SQLite(fileOf(place), { readonly: true })
  const [count, distinct] = database
    .prepare('select count(*), count(distinct id) from users')
    .raw()
    .get() as number[]
  database.close()
  return { count, distinct }
}

async function killAt(t: TestContext, place: Place, file: string, users: number): Promise<void> {
  const child = start([ENTRY, 'users', 'import', file], place)
  t.after(() => child.kill('SIGKILL'))
  await until(() => (countOf(place).count ?? 0) >= users)
  child.kill('SIGKILL')
  await once(child, 'close')
}

test('killed in the middle and run again, it adds each user once', { timeout: 120_000 }, async (t) => {
  const place = await madeDatabase(t)
  const file = fileBeside(place, 'users.ndjson', ndjson(rows(USERS)))
  for (const at of [1, 3000]) await killAt(t, place, file, at)
  const { count = 0 } = countOf(place)
  assert.ok(count >= 3000 && count < USERS, String(count))
  assert.deepEqual(await imported(place, file), doneIn(place, summary(USERS - count, count)))
  assert.deepEqual(countOf(place), { count: USERS, distinct: USERS })
})

test('two at once add each user once, and both say so', { timeout: 120_000 }, async (t) => {
  const place = await madeDatabase(t)
  const file = fileBeside(place, 'users.ndjson', ndjson(rows(5000)))
  const both = await Promise.all(
    [1, 2].map(async () => {
      const child = start([ENTRY, 'users', 'import', file], place)
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
      const [code] = await once(child, 'close')
      assert.equal(code, 0, output)
      return Number(/: (\d+) users? added/.exec(output)?.[1])
    }),
  )
  assert.equal((both[0] ?? 0) + (both[1] ?? 0), 5000)
  assert.deepEqual(countOf(place), { count: 5000, distinct: 5000 })
})

test('a file of any length takes a small heap', { timeout: 120_000 }, async (t) => {
  const place = await madeDatabase(t)
  // A single line of 200 MB, which is refused, and many users
  const file = fileBeside(place, 'users.ndjson', '')
  truncateSync(file, 200_000_000)
  writeFileSync(file, `\n${ndjson(rows(USERS))}`, { flag: 'a' })
  const child = start(['--max-old-space-size=48', ENTRY, 'users', 'import', file], place)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  assert.equal(code, 1, output)
  assert.match(output, /line 1: is longer than 65536 bytes/)
  assert.deepEqual(countOf(place), { count: USERS, distinct: USERS })
})
