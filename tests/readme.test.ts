/** The README's walk, typed as a new user would: every block of it, in one shell. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startService } from './fixture.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the walk with curl', async (t) => {
  const service = await startService(t)
  const walk = readme.split('## A walk with curl')[1]?.split('\n## ')[0] ?? ''
  const blocks = [...walk.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '')
  assert.equal(blocks.length, 6)
  const script = blocks.join("\necho '---'\n").replace('http://127.0.0.1:8787', service.url)
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-walk-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))

  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script.replaceAll('curl ', "curl -sS -w '\\n' ")], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise((resolve) => shell.on('close', resolve))
  assert.equal(code, 0, output)

  const answers = output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  assert.deepEqual(
    answers.map(({ code: status = 200, message, data }) => [
      status,
      message ?? data?.message ?? data?.username,
    ]),
    [
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
    ],
  )
})

test('every setting that the README names is read, and the other way round', async () => {
  const { variables } = await import('../src/config/variables.ts')
  const table = readme.split('## Settings')[1]?.split('\n## ')[0] ?? ''
  const cells = [...table.matchAll(/^\| (`[A-Z].*?) \|/gm)].map(([, cell]) => cell ?? '')
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  const read = [...Object.keys(variables.shape), 'JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS']
  assert.deepEqual(new Set(named), new Set(read.filter((name) => name !== 'NODE_ENV')))
})
