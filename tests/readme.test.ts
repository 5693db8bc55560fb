/** The README's walks, typed as a new user would: every block of them, in one shell. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { ADMIN_TOKEN, startService } from './support/service.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

const blocksOf = (section: string) =>
  [...(readme.split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block]) => block ?? '',
  )

/** @returns status and message, or name, of each answer */
async function walk(t: TestContext, blocks: readonly string[]): Promise<unknown[]> {
  const service = await startService(t)
  const script = blocks.join("\necho '---'\n").replace('http://127.0.0.1:8787', service.url)
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-walk-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))

  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script.replaceAll('curl ', "curl -sS -w '\\n' ")], {
    cwd: directory,
    env: { ...process.env, ADMIN_TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise((resolve) => shell.on('close', resolve))
  assert.equal(code, 0, output)
  assert.deepEqual(readdirSync(directory), [])

  const answers = output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  return answers.map(({ code: status = 200, message, data }) => [
    status,
    message ?? data?.message ?? data?.username ?? (data?.users ?? data?.sessions ?? data?.events)?.length,
  ])
}

test('the walk with curl', async (t) => {
  const blocks = blocksOf('A walk with curl')
  assert.equal(blocks.length, 6)
  assert.deepEqual(await walk(t, blocks), [
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
})

test('administration with curl', async (t) => {
  const [start, ...blocks] = blocksOf('Administration')
  assert.match(start ?? '', /^export ADMIN_TOKEN=/)
  assert.deepEqual(await walk(t, blocks), [
    [201, 'grace'],
    [201, 'Session opened'],
    [200, 'Access token refreshed successfully'],
    [200, 1],
    [200, 1],
    // Registered, and one session opened
    [200, 2],
    [200, 1],
    [200, 'Session ended'],
    [200, 'User deactivated'],
    [403, 'User is inactive.'],
    [200, 'User activated'],
    [200, 'User deleted'],
  ])
})

test('every setting that the README names is read, and the other way round', async () => {
  const { variables } = await import('../src/config/variables.ts')
  const table = readme.split('## Settings')[1]?.split('\n## ')[0] ?? ''
  const cells = [...table.matchAll(/^\| (`[A-Z].*?) \|/gm)].map(([, cell]) => cell ?? '')
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  const read = [...Object.keys(variables.shape), 'JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS', 'ADMIN_TOKEN']
  assert.deepEqual(new Set(named), new Set(read.filter((name) => name !== 'NODE_ENV')))
})
