import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { ENTRY, start } from '../support/program.ts'
import { PASSWORD } from '../support/values.ts'
import type { Place } from './fixtures.ts'
import { inDatabase, listUsers, madeDatabase, seedUser } from './fixtures.ts'

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

describe('on a terminal', { skip: noScript(), concurrency: 4, timeout: 20_000 }, () => {
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
})
