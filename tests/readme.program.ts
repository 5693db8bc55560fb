/** The README and the pages of `docs/`, walked through as a new user would: every command of these sections. */
import assert from 'node:assert/strict'
import { statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { startMock } from './contract/start-mock.ts'
import { blocksOf, PAGES, pageAt, ROOT, sectionOf } from './docs/pages.ts'
import type { Shell } from './docs/walk.ts'
import { answersOf, outlineOf, temporaryDirectory, testInShells, type, withPauses } from './docs/walk.ts'
import { startProgram } from './support/program.ts'
import { startService } from './support/service.ts'

const ADDRESS = 'http://localhost:8787'

const shellBlocks = (path: string, heading: string, url: string, from = ADDRESS) =>
  blocksOf(sectionOf(path, heading), 'sh').map((block) => block.replace(from, url))

testInShells('README: a walk with curl, with a minute behind each line', async (t, shell) => {
  const { url, clock } = await startService(t)
  const blocks = shellBlocks('README.md', 'A walk with curl', url)
  assert.equal(blocks.length, 5)
  const answers = await answersOf(t, shell, await withPauses(t, clock, blocks))
  assert.deepEqual(answers.map(outlineOf), [
    [201, 'ada'],
    [200, 'Logged in successfully'],
    [200, 'ada'],
    [200, 'Access token refreshed successfully'],
    [200, 'Access token refreshed successfully'],
    [200, 'Logged in successfully'],
    [200, 'Access token refreshed successfully'],
    [200, undefined],
    [200, 'Logged out successfully'],
    [401, 'Invalid refresh token.'],
    [200, 'Logged out successfully'],
  ])
  const [first, repeated] = answers.slice(3, 5)
  assert.equal(repeated.data.refresh_token, first.data.refresh_token)
  for (const { data } of answers.slice(5, 7)) assert.equal(data.refresh_token, undefined)
})

/**
 * The block that starts the service in one terminal, and the others in a second one, which knows only what is in files. The
 * blocks run in a directory that looks like a checkout.
 */
async function inTwoTerminals(t: TestContext, shell: Shell, [first = '', ...others]: readonly string[]) {
  const directory = temporaryDirectory(t)
  for (const name of ['package.json', 'src', 'node_modules', 'generated'])
    symlinkSync(join(ROOT, name), join(directory, name))
  const { ADMIN_TOKEN: _, ...env } = process.env
  const command = [shell, '-c', first] as const
  const url = await startProgram(
    t,
    command,
    { cwd: directory, env: { ...env, PORT: '0' } },
    /listens on +(\S+)/,
  )
  const script = others.join('\n').replaceAll(ADDRESS, url).replaceAll('curl ', "curl -w '\\n' ")
  const output = await type(shell, script, directory, { ADMIN_TOKEN: undefined })
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
}

testInShells('README: your own login', async (t, shell) => {
  const blocks = blocksOf(sectionOf('README.md', 'Your own login'), 'sh')
  const answers = await inTwoTerminals(t, shell, blocks)
  assert.deepEqual(answers.map(outlineOf), [[201, 'Session opened']])
})

testInShells('administration', async (t, shell) => {
  const headings = [
    'Access',
    'Your own login',
    'Claims',
    'Lists',
    'Forgotten passwords and other names',
    'Deactivating and deleting users',
  ]
  const blocks = headings.flatMap((heading) => blocksOf(sectionOf('docs/administration.md', heading), 'sh'))
  assert.equal(blocks.length, 8)
  const answers = await inTwoTerminals(t, shell, blocks)
  assert.deepEqual(answers.map(outlineOf), [
    [201, 'grace'],
    [201, 'Session opened'],
    [200, 'Access token refreshed successfully'],
    [200, 'grace'],
    [201, 'Session opened'],
    [200, 'grace'],
    [401, 'Access token has expired.'],
    [200, 'Access token refreshed successfully'],
    [200, 1],
    [200, 1],
    // Registered, two sessions opened, and claims changed twice
    [200, 5],
    [200, 2],
    [200, 2],
    [200, 'Session ended'],
    [201, 'Password reset requested'],
    [400, 'Invalid request.'],
    [200, 'Password set'],
    [200, 'Password set'],
    [200, 'Hopper'],
    [200, 'User deactivated'],
    [403, 'User is inactive.'],
    [200, 'User activated'],
    [200, 'User deleted'],
  ])
})

test('curl shows no progress bar: it is silent where its output goes through a pipe or into a variable', () => {
  for (const page of PAGES.filter((path) => !path.startsWith('docs/adr/')))
    for (const line of blocksOf(pageAt(page), 'sh').flatMap((block) =>
      block.replaceAll('\\\n', ' ').split('\n'),
    ))
      if (/\bcurl\b.*\||\(curl|\) \{ curl/.test(line)) assert.match(line, /curl -sS /, `${page}: ${line}`)
})

testInShells('mock', async (t, shell) => {
  const url = await startMock(t)
  const blocks = blocksOf(pageAt('docs/mock.md'), 'sh')
  const answers = await answersOf(
    t,
    shell,
    blocks.map((block) => block.replace('http://localhost:4010', url)),
  )
  assert.deepEqual(answers.map(outlineOf), [
    [401, 'Refresh token missing.'],
    [200, 'Access token refreshed successfully'],
    [401, 'Refresh token has expired.'],
  ])
})

testInShells('operations: commands and backups beside a running service', async (t, shell) => {
  const service = await startService(t)
  await service.register()
  await service.login()
  const directory = temporaryDirectory(t)
  const blocks = ['Commands', 'Backups'].flatMap((heading) =>
    shellBlocks('docs/operations.md', heading, directory, '/backups'),
  )
  assert.equal(blocks.length, 2)
  const output = await type(shell, blocks.join('\n'), ROOT, { DATABASE_URL: `sqlite:${service.file}` })
  assert.match(output, /Usage: rekindle/)
  assert.match(output, /1 session of ada ended/)
  assert.match(output, /rekindle-\d{4}-\d\d-\d\d\.db written and checked\./)
})

test('README is for a reader in a hurry: at most 10,000 bytes', () => {
  const { size } = statSync(join(ROOT, 'README.md'))
  assert.ok(size <= 10_000, `${size} bytes`)
})

/** In the first column of the tables of a page or section */
const settingsIn = (text: string) =>
  [...text.matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )

test('every setting that is read stands in docs/settings.md once, and no other; README has ten of them', async () => {
  const { NAMES: read } = await import('../src/config/environment.ts')
  assert.deepEqual(settingsIn(pageAt('docs/settings.md')).sort(), [...read].sort())
  const ten = settingsIn(sectionOf('README.md', 'Ten settings'))
  assert.equal(ten.length, 10)
  for (const name of ten) assert.ok(read.includes(name), name)
})
