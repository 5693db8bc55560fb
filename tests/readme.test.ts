/** The README and the pages of `docs/`, walked through as a new user would: every command of these sections. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMock } from './contract/start-mock.ts'
import { blocksOf, pageAt, ROOT, sectionOf } from './docs/pages.ts'
import { answersOf, outlineOf, temporaryDirectory, testInShells, type } from './docs/walk.ts'
import { ADMIN_TOKEN, startService } from './support/service.ts'

const ADDRESS = 'http://127.0.0.1:8787'

const shellBlocks = (path: string, heading: string, url: string, from = ADDRESS) =>
  blocksOf(sectionOf(path, heading), 'sh').map((block) => block.replace(from, url))

testInShells('README: a walk with curl', async (t, shell) => {
  const { url } = await startService(t)
  const blocks = shellBlocks('README.md', 'A walk with curl', url)
  assert.equal(blocks.length, 5)
  const answers = await answersOf(t, shell, blocks)
  assert.deepEqual(answers.map(outlineOf), [
    [201, 'ada'],
    [200, 'Logged in successfully'],
    [200, 'ada'],
    [200, 'Access token refreshed successfully'],
    [200, 'Logged in successfully'],
    [200, 'Access token refreshed successfully'],
    [200, undefined],
    [200, 'Logged out successfully'],
    [401, 'Invalid refresh token.'],
    [200, 'Logged out successfully'],
  ])
  for (const { data } of answers.slice(4, 6)) assert.equal(data.refresh_token, undefined)
})

testInShells('README: your own login', async (t, shell) => {
  const { url } = await startService(t)
  const answers = await answersOf(t, shell, shellBlocks('README.md', 'Your own login', url), { ADMIN_TOKEN })
  assert.deepEqual(answers.map(outlineOf), [[201, 'Session opened']])
})

testInShells('administration', async (t, shell) => {
  const { url } = await startService(t)
  const page = 'docs/administration.md'
  assert.match(shellBlocks(page, 'Access', url)[0] ?? '', /^export ADMIN_TOKEN=/)
  const headings = [
    'Your own login',
    'Lists',
    'Forgotten passwords and other names',
    'Deactivating and deleting users',
  ]
  const blocks = headings.flatMap((heading) => shellBlocks(page, heading, url))
  assert.equal(blocks.length, 5)
  const answers = await answersOf(t, shell, blocks, { ADMIN_TOKEN })
  assert.deepEqual(answers.map(outlineOf), [
    [201, 'grace'],
    [201, 'Session opened'],
    [200, 'Access token refreshed successfully'],
    [200, 1],
    [200, 1],
    // Registered, and one session opened
    [200, 2],
    [200, 1],
    [200, 1],
    [200, 'Session ended'],
    [200, 'Password set'],
    [200, 'Hopper'],
    [200, 'User deactivated'],
    [403, 'User is inactive.'],
    [200, 'User activated'],
    [200, 'User deleted'],
  ])
})

testInShells('mock', async (t, shell) => {
  const url = await startMock(t)
  const blocks = blocksOf(pageAt('docs/mock.md'), 'sh')
  const answers = await answersOf(
    t,
    shell,
    blocks.map((block) => block.replace('http://127.0.0.1:4010', url)),
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
  const { variables } = await import('../src/config/variables.ts')
  const read = [...Object.keys(variables.shape), 'JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS', 'ADMIN_TOKEN']
  assert.deepEqual(settingsIn(pageAt('docs/settings.md')).sort(), read.sort())
  const ten = settingsIn(sectionOf('README.md', 'Ten settings'))
  assert.equal(ten.length, 10)
  for (const name of ten) assert.ok(read.includes(name), name)
})
