import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertSession } from '../../src/store/queries/insert-session.ts'
import { ENTRY, start } from '../support/program.ts'
import { PASSWORD } from '../support/values.ts'
import type { Place } from './fixtures.ts'
import { inDatabase, listUsers, madeDatabase, PASSWORD_HASH, seedUser } from './fixtures.ts'

// `script` of util-linux gives a command a terminal; that of BSD and macOS takes other arguments.
function noScript(): string | false {
  try {
    return (
      !/util-linux/.test(execFileSync('script', ['--version']).toString()) &&
      'script is not that of util-linux'
    )
  } catch {
    return 'no script of util-linux'
  }
}

/** Types each answer when its prompt has come. @returns all that the terminal showed */
async function onTerminal(
  t: TestContext,
  command: string,
  database: Place,
  dialogue: readonly (readonly [prompt: string, keys: string])[],
) {
  const line = `"${process.execPath}" "${ENTRY}" ${command}`
  const child = start(['-qec', line, '/dev/null'], { ...database, SHELL: '/bin/sh', TERM: 'dumb' }, 'script')
  t.after(() => child.kill('SIGKILL'))
  let shown = ''
  let next = 0
  let from = 0
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    const [prompt, keys] = dialogue[next] ?? []
    if (prompt === undefined || keys === undefined || !shown.includes(prompt, from)) return
    from = shown.length
    next += 1
    child.stdin.write(keys)
  })
  const [code] = await once(child, 'close')
  assert.equal(next, dialogue.length, `missed a prompt: ${shown}`)
  return { code, shown }
}

const names = (database: Place) =>
  inDatabase(database, async (db) => (await listUsers(db)).map(({ username }) => username))

describe('on a terminal', { skip: noScript(), concurrency: 4, timeout: 180_000 }, () => {
  test('the password is asked for twice and not shown', async (t) => {
    const database = await madeDatabase(t)
    const { code, shown } = await onTerminal(t, 'users add ada', database, [
      ['Password:', `${PASSWORD}\r`],
      ['Repeat the password:', `${PASSWORD}\r`],
    ])
    assert.equal(code, 0, shown)
    assert.match(shown, /^Password:\s+Repeat the password:\s+\S+: User ada added, id /)
    assert.doesNotMatch(shown, /horse/)
    assert.deepEqual(await names(database), ['ada'])
  })

  test('passwords that differ', async (t) => {
    const database = await madeDatabase(t)
    const { code, shown } = await onTerminal(t, 'users add ada', database, [
      ['Password:', `${PASSWORD}\r`],
      ['Repeat the password:', `${PASSWORD}!\r`],
    ])
    assert.equal(code, 1)
    assert.match(shown, /rekindle: \S+: the passwords differ/)
    assert.deepEqual(await names(database), [])
  })

  for (const [name, keys] of [
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ] as const) {
    test(`${name} cancels`, async (t) => {
      const database = await madeDatabase(t)
      const { code, shown } = await onTerminal(t, 'users add ada', database, [['Password:', keys]])
      assert.equal(code, 1)
      assert.match(shown, /rekindle: \S+: cancelled/)
      assert.deepEqual(await names(database), [])
    })
  }

  for (const [answer, left] of [
    ['n', 1],
    ['', 1],
    ['y', 0],
  ] as const) {
    test(`remove asks, and is told "${answer}"`, async (t) => {
      const database = await madeDatabase(t)
      await inDatabase(database, (db) => seedUser(db, 'ada'))
      const { code, shown } = await onTerminal(t, 'users remove ada', database, [['[y/N]', `${answer}\r`]])
      assert.equal(code, left, shown)
      assert.match(shown, left === 0 ? /User ada removed\./ : /rekindle: \S+: nothing was removed/)
      assert.equal((await names(database)).length, left)
    })
  }

  test('a new password for a user', async (t) => {
    const database = await madeDatabase(t)
    await inDatabase(database, (db) => seedUser(db, 'ada'))
    const { code, shown } = await onTerminal(t, 'users password ada', database, [
      ['Password:', `${PASSWORD}\r`],
      ['Repeat the password:', `${PASSWORD}\r`],
    ])
    assert.equal(code, 0, shown)
    assert.match(shown, /: Password of ada set, 0 sessions ended\./)
    assert.doesNotMatch(shown, /horse/)
  })

  test('lists have names and browsers, and fit into 80 columns', async (t) => {
    const database = await madeDatabase(t)
    const now = Date.now()
    await inDatabase(database, async (db) => {
      const userId = await seedUser(db, 'ada-lovelace-of-the-long-name')
      const userAgent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36'
      const ends = { expiresAt: now + 1e6, absoluteExpiresAt: now + 1e6 }
      const rest = { passwordHash: PASSWORD_HASH, now, ceiling: 9, idleCutoff: now, address: '192.0.2.7' }
      const id = '019ad0b5-65e5-7a5c-b8f0-6d4f2a1c3e57'
      await insertSession(db, { id, userId, userAgent, ...ends, ...rest }, OPERATOR)
    })
    const user = '--user ada-lovelace-of-the-long-name'
    for (const command of [
      'users list',
      'sessions list',
      `sessions list ${user}`,
      `sessions explain ${user}`,
    ]) {
      const { code, shown } = await onTerminal(t, command, database, [])
      assert.equal(code, 0, shown)
      const lines = shown
        .split(/\r?\n/)
        .filter((line) => !line.startsWith('/') && !/^(Active|How)/.test(line))
      assert.ok(lines.length > 2)
      for (const line of lines) assert.ok(line.length <= 80, line)
      assert.doesNotMatch(shown, /Mozilla|T\d\d:/)
      if (command.startsWith('sessions')) assert.match(shown, /Chrome on Windows/)
    }
  })
})
