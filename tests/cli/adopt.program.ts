/** `rekindle adopt revoke`: what the other system had revoked */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { rekindle } from '../support/program.ts'
import { doneIn, fileOf, inDatabase, madeDatabase, seedUser } from './fixtures.ts'

const rows = (place: Parameters<typeof inDatabase>[0]) =>
  inDatabase(place, (db) =>
    db.selectFrom('foreign_revocations').select(['jti', 'expires_at']).orderBy('jti').execute(),
  )

test('one jti on each line, or JSON with its end; again, nothing is new', async (t) => {
  const place = await madeDatabase(t)
  const file = join(dirname(fileOf(place)), 'revoked')
  writeFileSync(file, 'a\r\n\n"b"\n{"jti": "c", "exp": 1798761600.5, "user": 1}\n{"jti":"d","exp":null}\na')
  const line = (added: number, known: number) =>
    doneIn(place, `5 revoked tokens read: ${added} new, ${known} known. 0 sessions ended.`)
  assert.deepEqual(await rekindle(['adopt', 'revoke', file], place), line(4, 1))
  const kept = [
    { jti: 'a', expires_at: null },
    { jti: 'b', expires_at: null },
    { jti: 'c', expires_at: 1798761600500 },
    { jti: 'd', expires_at: null },
  ]
  assert.deepEqual(await rows(place), kept)
  assert.deepEqual(await rekindle(['adopt', 'revoke', file], place), line(0, 5))
  assert.deepEqual(await rows(place), kept)
})

test('wrong lines are named, and the others are kept', async (t) => {
  const place = await madeDatabase(t)
  const wrong = [
    '{',
    '{"jti": 7}',
    '{"jti": ""}',
    '""',
    '{"exp": 1}',
    '{"jti": "x", "exp": "soon"}',
    '\0',
    'null{',
  ]
  const { code, stdout, stderr } = await rekindle(
    ['adopt', 'revoke', '-'],
    place,
    ['good', ...wrong].join('\n'),
  )
  assert.equal(code, 1)
  assert.match(stdout, /: 2 revoked tokens read: 2 new, 0 known\./)
  assert.match(stderr, /7 lines without a jti \(2, 3, 4, 5, 6 …\): correct them and run it again\./)
  assert.deepEqual(
    (await rows(place)).map(({ jti }) => jti),
    ['good', 'null{'],
  )
})

test('a file that is not there, more lines than a statement takes, and sessions that end', async (t) => {
  const place = await madeDatabase(t)
  const missing = join(dirname(fileOf(place)), 'missing')
  const { code, stderr } = await rekindle(['adopt', 'revoke', missing], place)
  assert.equal(code, 1)
  assert.match(stderr, /missing cannot be read: ENOENT/)

  const userId = await inDatabase(place, (db) => seedUser(db, 'ada'))
  const now = Date.now()
  const times = {
    created_at: now,
    rotated_at: now,
    refreshed_at: now,
    expires_at: now + 1e9,
    absolute_expires_at: now + 1e9,
  }
  await inDatabase(place, async (db) => {
    const session = { id: 'one', user_id: userId, generation: 1, refresh_count: 0, ...times }
    await db.insertInto('sessions').values(session).execute()
    const adopted = {
      digest: 'x',
      jti: 'jti-1200',
      session_id: 'one',
      adopted_at: now,
      successor_expires_at: 0,
    }
    await db
      .insertInto('adopted_tokens')
      .values({ ...adopted, expires_at: now + 1e9 })
      .execute()
  })
  const many = Array.from({ length: 1234 }, (_, at) => `jti-${at}`).join('\n')
  assert.deepEqual(
    await rekindle(['adopt', 'revoke', '-'], place, many),
    doneIn(place, '1234 revoked tokens read: 1234 new, 0 known. 1 session ended.'),
  )
})
