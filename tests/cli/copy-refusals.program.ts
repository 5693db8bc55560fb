/** What `rekindle copy` refuses, and that it leaves alone what it refuses. */
import assert from 'node:assert/strict'
import { linkSync, symlinkSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { freshDatabase } from '../support/database.ts'
import { failed, rekindle } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { change, copy, live, rowsOf, urlOf } from './copying.ts'

describe('copy refuses', { concurrency: 2 }, () => {
  async function moved(t: TestContext) {
    const old = await startService(t)
    await live(old)
    const database = await freshDatabase(t, 'sqlite')
    assert.equal((await copy(old.database, database)).code, 0)
    return { old, database }
  }
  const inUse = failed('the target is in use: it has users that the source does not have, or later refreshes')

  test('a target with users of its own, and leaves it alone', async (t) => {
    const { old, database } = await moved(t)
    const service = await startService(t, { database }, old.clock)
    await service.register('eve')
    const before = await rowsOf(database)
    assert.deepEqual(await copy(old.database, database), inUse)
    assert.deepEqual(await rowsOf(database), before)
  })

  test('a target whose sessions went on since', async (t) => {
    const { old, database } = await moved(t)
    const service = await startService(t, { database }, old.clock)
    service.clock.now += 1
    await service.login()
    assert.deepEqual(await copy(old.database, database), inUse)
    // The way back is free: all users are there, and this side is the later one.
    assert.equal((await copy(database, old.database)).code, 0)
    assert.deepEqual(await rowsOf(old.database), await rowsOf(database))
  })

  test('a copy that came out otherwise', async (t) => {
    const old = await startService(t)
    await live(old)
    const database = await freshDatabase(t, 'sqlite')
    await rekindle(['migrate'], { DATABASE_URL: urlOf(database) })
    await change(
      database,
      `create trigger meddle after insert on users when new.username = 'ada'
         begin update users set last_login_at = 1 where id = new.id; end`,
    )
    const { code, stdout, stderr } = await copy(old.database, database)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^rekindle: the copy differs from the source in users: [0-9a-f-]{36}\n$/)
    await assert.rejects(startService(t, { database }), /copy that was not finished/)
  })

  const NEWER = "insert into kysely_migration values ('9999_newer', '2026-11-22T08:00:00.000Z')"
  for (const [what, statement, message] of [
    [
      'newer',
      NEWER,
      'the database is newer than this program, which does not know its migrations: 9999_newer',
    ],
    [
      'older',
      'delete from kysely_migration where name = (select max(name) from kysely_migration)',
      'its schema is older: run rekindle migrate on it first',
    ],
    ['foreign', 'delete from kysely_migration', 'it has no tables of this service'],
  ] as const) {
    test(`a source of a ${what} schema`, async (t) => {
      const { old } = await moved(t)
      await change(old.database, statement)
      const result = await copy(old.database, await freshDatabase(t, 'sqlite'))
      assert.deepEqual(result, failed(`the source: ${message}`))
    })
  }

  test('a target of a newer schema', async (t) => {
    const { old, database } = await moved(t)
    await change(database, NEWER)
    const { code, stderr } = await copy(old.database, database)
    assert.equal(code, 1)
    assert.match(stderr, /^rekindle: the target: the database is newer than this program.*9999_newer\n$/)
  })

  test('the source itself, by whatever other name, and leaves it alone', async (t) => {
    for (const dialect of ['sqlite', 'postgres'] as const) {
      const { database, stop } = await startService(t, {}, undefined, dialect)
      await stop()
      const url = urlOf(database)
      const others =
        database.dialect === 'sqlite'
          ? ['symbolic', 'hard'].map((kind) => `${url}.${kind}`)
          : [
              url.replace('127.0.0.1', 'localhost'),
              `${url}&application_name=x`,
              url.replace(/^\w+/, 'postgresql'),
            ]
      if (database.dialect === 'sqlite') {
        symlinkSync(database.file, `${database.file}.symbolic`)
        linkSync(database.file, `${database.file}.hard`)
      }
      const before = await rowsOf(database)
      for (const other of others.filter((name) => name !== url)) {
        const result = await rekindle(['copy', '--from', url, '--to', other])
        assert.deepEqual(result, failed('--from and --to are the same database', 2), other)
      }
      assert.deepEqual(await rowsOf(database), before)
      await startService(t, { database })
    }
  })

  test('wrong usage, without a word of the password', async (t) => {
    const file = await freshDatabase(t, 'sqlite', 'template0')
    const secret = 'postgres://ada:sesame@127.0.0.1:1/x'
    const cases: readonly (readonly [code: number, args: string[], expected: RegExp])[] = [
      [2, ['--from', secret], /required option '--to <url>' not specified/],
      [2, ['--from', secret, '--to', secret], /are the same database/],
      [2, ['--from', `${secret}#`, '--to', secret], /--from must not have a #/],
      [2, ['--from', 'sesame', '--to', secret], /--from must be sqlite:/],
      [1, ['--from', secret, '--to', urlOf(file)], /the source: .*ECONNREFUSED/],
      [1, ['--from', urlOf(file), '--to', secret], /no such file/],
    ]
    for (const [code, args, expected] of cases) {
      const result = await rekindle(['copy', ...args])
      assert.deepEqual([result.code, result.stdout], [code, ''])
      assert.match(result.stderr, expected)
      assert.doesNotMatch(result.stderr, /sesame/)
      assert.equal(result.stderr.split('\n').length, 2)
    }
  })
})
