/** A backup under load, and what users meet when it is restored. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { failed, rekindle } from '../support/program.ts'
import type { Answer, Service } from '../support/service.ts'
import { MINUTE, startService } from '../support/service.ts'
import { doneIn, failedIn, freshDatabase } from './fixtures.ts'

const successor = ({ body }: Answer): string => body.data.refresh_token

/** So large that its pages would not be copied in one step by default. */
function enlarge(file: string): void {
  const database = new SQLite(file)
  database.exec(
    `insert into sessions (id, user_id, generation, created_at, rotated_at, refreshed_at, refresh_count, expires_at,
       absolute_expires_at, revoked_at, revoked_reason, user_agent, address, prune_at)
       select printf('bulk-%06d', value), user_id, generation, created_at, rotated_at, refreshed_at,
       refresh_count, expires_at, absolute_expires_at, created_at, revoked_reason, user_agent, address, prune_at
     from (select * from sessions limit 1), (with recursive n(value) as
       (select 1 union all select value + 1 from n limit 40000) select value from n)`,
  )
  database.close()
}

/** Rotations one after the other, until it is told to stop. @returns how many there were, and the last token */
function rotate(service: Service, refreshToken: string) {
  let isOn = true
  const running = (async () => {
    let [count, token] = [0, refreshToken]
    while (isOn) {
      const answer = await service.refresh(token)
      assert.equal(answer.status, 200)
      token = successor(answer)
      count++
    }
    return { count, token }
  })()
  return () => {
    isOn = false
    return running
  }
}

const inDirectoryOf = (service: Service) => ({
  place: { DATABASE_URL: `sqlite:${service.file}` },
  backup: join(dirname(service.file), 'backup.db'),
})

/** As `docs/operations.md` says */
async function restore(t: TestContext, service: Service, backup: string): Promise<Service> {
  await service.stop()
  for (const end of ['-wal', '-shm']) rmSync(service.file + end, { force: true })
  copyFileSync(backup, service.file)
  service.clock.now += MINUTE
  return startService(t, { database: service.database }, service.clock)
}

function reasonOf(service: Service, refreshToken: string): string | null {
  const { sid } = JSON.parse(Buffer.from(refreshToken.split('.')[1] ?? '', 'base64url').toString())
  const database = new SQLite(service.file, { readonly: true })
  const reason = database.prepare('select revoked_reason from sessions where id = ?').pluck().get(sid)
  database.close()
  return reason as string | null
}

test('a restore drill', { timeout: 120_000 }, async (t) => {
  const service = await startService(t)
  const { place, backup } = inDirectoryOf(service)
  await service.register()
  const login = async () => (await service.login()).refreshToken
  const rested = await login()
  enlarge(service.file)
  const [refreshed, stolen, over, busy] = [await login(), await login(), await login(), await login()]
  const stop = rotate(service, busy)
  assert.deepEqual(await rekindle(['backup', backup], place), doneIn(place, `${backup} written and checked.`))
  const load = await stop()
  assert.ok(load.count > 10, `${load.count} rotations meanwhile`)

  service.clock.now += MINUTE
  const later = successor(await service.refresh(successor(await service.refresh(refreshed))))
  const mine = successor(await service.refresh(stolen))
  await service.request('/api/auth/logout', { method: 'POST', bearer: over })
  const unknown = await login()
  const restored = await restore(t, service, backup)

  assert.equal((await restored.refresh(rested)).status, 200, 'not rotated since: goes on')
  for (const token of [later, load.token]) {
    assert.equal((await restored.refresh(token)).body.message, 'Invalid refresh token.')
    assert.equal(reasonOf(restored, token), 'restored')
  }
  // The token was superseded before, and is current again; until its user comes with a successor of another time.
  const thief = await restored.refresh(stolen)
  assert.equal(thief.status, 200)
  assert.equal((await restored.refresh(mine)).status, 401)
  assert.equal(reasonOf(restored, mine), 'restored')
  assert.equal((await restored.refresh(successor(thief))).status, 401)
  assert.equal((await restored.refresh(unknown)).status, 401, 'a login since')
  assert.equal((await restored.refresh(over)).status, 200, 'a logout since was forgotten')
  await restored.login()
})

describe('backup', { concurrency: 2 }, () => {
  test('one file for its owner alone, with nothing left beside it', async (t) => {
    const service = await startService(t)
    const { place, backup } = inDirectoryOf(service)
    await service.register()
    assert.equal((await rekindle(['backup', backup], place)).code, 0)
    assert.equal(statSync(backup).mode & 0o777, 0o600)
    const names = readdirSync(dirname(backup)).filter((name) => !name.startsWith('rekindle.db'))
    assert.deepEqual(names, ['backup.db'])
    const copy = new SQLite(backup, { readonly: true })
    assert.equal(copy.pragma('journal_mode', { simple: true }), 'delete')
    assert.equal(copy.prepare('select username from users').pluck().get(), 'ada')
    copy.close()
    const again = await rekindle(['backup', backup], place)
    assert.deepEqual(again, failedIn(place, `no backup was made: the file is there already: ${backup}`))
  })

  test('of a corrupt database: none', async (t) => {
    const service = await startService(t)
    const { place, backup } = inDirectoryOf(service)
    await service.register()
    const { refreshToken } = await service.login()
    await service.stop()
    const database = new SQLite(service.file)
    database.unsafeMode()
    database.pragma('foreign_keys = OFF')
    database.exec('delete from users')
    database.close()
    const result = await rekindle(['backup', backup], place)
    assert.equal(result.code, 1)
    assert.match(
      result.stderr,
      /^rekindle: \S+: no backup was made: the copy has rows that refer to nothing.*\n$/,
    )
    assert.ok(refreshToken && !existsSync(backup))
  })

  test('of nothing, to nowhere, and of PostgreSQL', async (t) => {
    const place = freshDatabase(t)
    const file = place.DATABASE_URL.slice('sqlite:'.length)
    assert.equal((await rekindle(['backup', `${file}.backup`], place)).code, 1)
    assert.ok(!existsSync(file) && !existsSync(`${file}.backup`))
    await rekindle(['migrate'], place)
    const nowhere = await rekindle(['backup', `${file}/x/y`], place)
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.stderr, /^rekindle: \S+: no backup was made: .*\n$/)
    writeFileSync(`${file}.backup`, 'mine')
    assert.equal((await rekindle(['backup', `${file}.backup`], place)).code, 1)
    assert.deepEqual(await rekindle(['backup', ''], place), failed('the file name is empty', 2))
    const postgres = { DATABASE_URL: 'postgres://ada:sesame@db.example.com/x' }
    const { code, stderr } = await rekindle(['backup', `${file}.pg`], postgres)
    assert.equal(code, 2)
    assert.equal(stderr, 'rekindle: backup is for SQLite: back up PostgreSQL with pg_dump\n')
  })
})
