/** Lists of any length: in a heap that a single page fits into, and not all of it, and nothing is left out. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import SQLite from 'better-sqlite3'
import { ENTRY, rekindle, start } from '../support/program.ts'
import type { Place } from './fixtures.ts'
import { fileOf, madeDatabase } from './fixtures.ts'

// Beyond what a call can have for arguments, as `Math.max(...lines)` had
const USERS = 130_000
const FUTURE = Date.now() + 86_400_000

async function crowded(t: TestContext): Promise<Place> {
  const place = await madeDatabase(t)
  const database = new SQLite(fileOf(place))
  database.exec(`
    create temp table numbers as with recursive n(value) as
      (select 1 union all select value + 1 from n where value < ${USERS}) select value from n;
    insert into users (id, username, username_key, password_hash, created_at)
      select printf('id-%06d', value), printf('user-%06d', value), printf('user-%06d', value), '', 0 from numbers;
    insert into sessions (id, user_id, generation, created_at, rotated_at, refreshed_at, refresh_count, expires_at,
        absolute_expires_at)
      select printf('s-%06d', value), printf('id-%06d', value), 0, 0, 0, 0, 0, ${FUTURE}, ${FUTURE} from numbers;`)
  database.close()
  return place
}

/** In a process of its own with a small heap. @returns how many lines it printed, and a digest of them */
async function inSmallHeap(place: Place, ...args: string[]) {
  const child = start(['--max-old-space-size=64', ENTRY, ...args], place)
  const digest = createHash('sha256')
  let [lines, errors] = [0, '']
  child.stdout.on('data', (chunk: Buffer) => {
    digest.update(chunk)
    for (const byte of chunk) if (byte === 10) lines++
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [code] = await once(child, 'close')
  return { code, lines, errors, digest: digest.digest('hex') }
}

describe('lists of very many', { timeout: 120_000 }, () => {
  test('users and sessions', async (t) => {
    const place = await crowded(t)
    const file = fileOf(place)
    for (const what of ['users', 'sessions']) {
      const { code, lines, errors } = await inSmallHeap(place, what, 'list')
      assert.deepEqual(
        { code, lines, errors },
        {
          code: 0,
          lines: USERS + 1,
          errors: `${file}: ${USERS} ${what}.\n`,
        },
      )
    }
    const listed = await inSmallHeap(place, 'users', 'list', '--json')
    const { code, lines, errors } = listed
    assert.deepEqual({ code, lines, errors }, { code: 0, lines: 8 * USERS + 2, errors: '' })
    const all = Array.from({ length: USERS }, (_, at) => {
      const number = String(at + 1).padStart(6, '0')
      const dates = { created_at: '1970-01-01T00:00:00.000Z', last_login_at: null, deactivated_at: null }
      return { id: `id-${number}`, username: `user-${number}`, ...dates, claims: {} }
    })
    const expected = createHash('sha256').update(`${JSON.stringify(all, null, 2)}\n`)
    assert.equal(listed.digest, expected.digest('hex'))
  })

  test('the sessions of one user among them: nobody else is read', async (t) => {
    const place = await crowded(t)
    // To read the row of any other user would fail.
    const database = new SQLite(fileOf(place))
    database.pragma('ignore_check_constraints = 1')
    database.exec("update users set created_at = 'not a time' where id <> 'id-065000'")
    database.close()
    const { code, stdout } = await rekindle(['sessions', 'list', '--user', 'user-065000'], place)
    assert.equal(code, 0)
    assert.match(stdout, /^ID .*\ns-065000 +user-065000 .*\n$/)
  })
})
