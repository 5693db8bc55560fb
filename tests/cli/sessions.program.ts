import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { insertSession } from '../../src/store/queries/insert-session.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
import type { Database } from '../../src/store/schema.ts'
import { rekindle } from '../support/program.ts'
import { WEBHOOK_SECRET } from '../support/webhook-receiver.ts'
import {
  doneIn,
  failedIn,
  freshDatabase,
  inDatabase,
  madeDatabase,
  PASSWORD_HASH,
  seedUser,
} from './fixtures.ts'

const DAY = 86_400_000

async function insert(db: Database, id: string, userId: string, now: number, userAgent: string | null) {
  const session = { id, userId, passwordHash: PASSWORD_HASH, now, userAgent, address: '192.0.2.7' }
  const inserted = await insertSession(
    db,
    {
      ...session,
      expiresAt: now + 30 * DAY,
      absoluteExpiresAt: now + 90 * DAY,
      ceiling: 100,
      idleCutoff: now,
    },
    OPERATOR,
  )
  assert.ok(inserted)
}

/** Two users; ada has two living sessions and an old one, bob has one. */
async function withSessions(t: TestContext) {
  const database = freshDatabase(t)
  const now = Date.now()
  await inDatabase(database, async (db) => {
    const [ada, bob] = [await seedUser(db, 'ada'), await seedUser(db, 'bob')]
    await insert(db, 'ada-1', ada, now - 3000, 'Firefox\u001b[2J')
    await insert(db, 'ada-2', ada, now - 2000, null)
    await insert(db, 'ada-old', ada, now - 100 * DAY, 'curl')
    await insert(db, 'bob-1', bob, now - 1000, 'curl')
  })
  const living = () =>
    inDatabase(database, async (db) => {
      const { rows } = await pageOfSessions(db, { now, idleCutoff: now, limit: 100 })
      return rows.map(({ id }) => id)
    })
  const reasons = () =>
    inDatabase(database, async (db) => {
      const ended = db.selectFrom('sessions').where('revoked_at', 'is not', null).orderBy('id')
      const rows = await ended.select(['id', 'revoked_reason']).execute()
      return rows.map((row) => [row.id, row.revoked_reason])
    })
  return { run: (...args: string[]) => rekindle(args, database), database, living, reasons, now }
}

describe('sessions', { concurrency: 2 }, () => {
  test('list --json', async (t) => {
    const { run, now } = await withSessions(t)
    const { stdout } = await run('sessions', 'list', '--json')
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
    const list: { id: string }[] = JSON.parse(stdout)
    assert.deepEqual(
      list.map(({ id }) => id),
      ['bob-1', 'ada-2', 'ada-1'],
    )
    assert.deepEqual(list[2], {
      id: 'ada-1',
      user_id: 'id-of-ada',
      device: 'Firefox\u001b[2J',
      address: '192.0.2.7',
      created_at: new Date(now - 3000).toISOString(),
      refreshed_at: new Date(now - 3000).toISOString(),
      refresh_count: 0,
      refreshed_device: 'Firefox\u001b[2J',
      refreshed_address: '192.0.2.7',
      binding: null,
      expires_at: new Date(now - 3000 + 30 * DAY).toISOString(),
    })
  })

  for (const user of ['ADA', 'id-of-ada']) {
    test(`list --user ${user}`, async (t) => {
      const { run } = await withSessions(t)
      const { code, stdout } = await run('sessions', 'list', '--user', user)
      assert.equal(code, 0)
      const [head = '', first = '', second = '', ...rest] = stdout.split('\n')
      assert.deepEqual(rest, [''])
      for (const line of [first, second]) {
        assert.equal(line.indexOf('ada '), head.indexOf('USER'))
        assert.equal(line.indexOf('192.0.2.7'), head.indexOf('ADDRESS'))
      }
      assert.match(first, /^ada-2 .* {2}-$/)
      assert.match(second, /^ada-1 .* {2}Firefox\\u\{1b\}\[2J$/)
    })
  }

  test('revoke one', async (t) => {
    const { run, living, reasons, database } = await withSessions(t)
    assert.deepEqual(await run('sessions', 'revoke', 'ada-1'), doneIn(database, 'Session ada-1 ended.'))
    assert.deepEqual(await reasons(), [['ada-1', 'operator']])
    assert.deepEqual(await living(), ['bob-1', 'ada-2'])
    const again = await run('sessions', 'revoke', 'ada-1')
    assert.deepEqual(again, failedIn(database, 'no such session, or it has already ended: ada-1'))
  })

  test('revoke all of a user', async (t) => {
    const { run, living, reasons, database } = await withSessions(t)
    // The old one, which only prune has not seen yet, was over already and does not count.
    assert.deepEqual(
      await run('sessions', 'revoke', '--user', 'ada'),
      doneIn(database, '2 sessions of ada ended.'),
    )
    assert.deepEqual(await living(), ['bob-1'])
    const ended = ['ada-1', 'ada-2', 'ada-old'].map((id) => [id, 'operator'])
    assert.deepEqual(await reasons(), ended)
  })

  test('revoke all of everybody', async (t) => {
    const { run, living, reasons, database } = await withSessions(t)
    assert.deepEqual(await run('sessions', 'revoke', '--all'), doneIn(database, '3 sessions ended.'))
    assert.deepEqual(await living(), [])
    const ended = ['ada-1', 'ada-2', 'ada-old', 'bob-1'].map((id) => [id, 'operator'])
    assert.deepEqual(await reasons(), ended)
    assert.deepEqual(await run('sessions', 'revoke', '--all'), doneIn(database, '0 sessions ended.'))
  })

  test('end when their user is deactivated', async (t) => {
    const { run, living, database } = await withSessions(t)
    const result = await run('users', 'deactivate', 'bob')
    assert.deepEqual(result, doneIn(database, 'User bob deactivated, 1 session ended.'))
    assert.deepEqual(await living(), ['ada-2', 'ada-1'])
  })

  for (const command of ['list', 'revoke']) {
    test(`${command} for nobody`, async (t) => {
      const database = await madeDatabase(t)
      const result = await rekindle(['sessions', command, '--user', 'eve'], database)
      assert.deepEqual(result, failedIn(database, 'no such user: eve'))
    })
  }
})

test('prune deletes what has expired', async (t) => {
  const { run, living, database, now } = await withSessions(t)
  assert.deepEqual(await run('prune'), doneIn(database, '1 session, 0 revoked tokens, 3 events deleted.'))
  assert.equal((await living()).length, 3)
  assert.deepEqual(await run('prune'), doneIn(database, '0 sessions, 0 revoked tokens, 0 events deleted.'))
  const webhook = {
    EVENTS_WEBHOOK_URL: 'http://127.0.0.1:9/',
    EVENTS_WEBHOOK_SECRET: WEBHOOK_SECRET,
    EVENTS_RETENTION_DAYS: '1',
  }
  await inDatabase(database, (db) => insertEvents(db, [{ name: 'login.failed' }], now - 2 * DAY, OPERATOR))
  const { stdout, stderr } = await rekindle(['prune'], { ...database, ...webhook })
  // With the one of the session that had expired
  assert.match(stdout, / 2 events deleted\.$/m)
  assert.equal(stderr, '2 events deleted without reaching the webhook.\n')
})
