/** Types blocks of shell commands as a reader would: one after the other, in one shell. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'

export type Shell = 'bash' | 'zsh'

const COMMANDS: Record<Shell, readonly string[]> = {
  bash: ['bash', '-euo', 'pipefail', '-s'],
  // As in a terminal, where zsh takes a trailing comment for arguments, but without the user's configuration.
  zsh: ['zsh', '-f', '-i', '-o', 'errexit', '-o', 'nounset', '-o', 'pipefail', '-s'],
}

/** Runs the test in each shell. zsh is skipped if it is missing. */
export function testInShells(name: string, walkIn: (t: TestContext, shell: Shell) => Promise<void>): void {
  for (const shell of ['bash', 'zsh'] as const) {
    const skip = shell === 'zsh' && spawnSync('zsh', ['--version']).error !== undefined && 'there is no zsh'
    test(`${name}, in ${shell}`, { skip, timeout: 120_000 }, (t) => walkIn(t, shell))
  }
}

export function temporaryDirectory(t: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-docs-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** @returns standard output; fails when a command fails */
export async function type(shell: Shell, script: string, cwd: string, env: object = {}): Promise<string> {
  const [command = shell, ...parameters] = COMMANDS[shell]
  const child = spawn(command, parameters, { cwd, env: { ...process.env, ...env } })
  child.stdin.end(script)
  const ended = new Promise((resolve) => child.on('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.equal(await ended, 0, `${stdout}\n${stderr}`)
  return stdout
}

/** Types blocks in an empty directory, which must be empty afterwards. @returns every JSON body that curl printed */
export async function answersOf(
  t: TestContext,
  shell: Shell,
  blocks: readonly string[],
  env: object = {},
  // biome-ignore lint/suspicious/noExplicitAny: bodies of all sorts
): Promise<any[]> {
  assert.ok(blocks.length > 0)
  const directory = temporaryDirectory(t)
  const script = blocks.join('\n').replaceAll('curl ', "curl -sS -w '\\n' ")
  const output = await type(shell, script, directory, env)
  assert.deepEqual(readdirSync(directory), [])
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
}

/**
 * Puts a pause of a minute behind each command, for the clock of a service: readers think, and read on.
 *
 * @param clock turned by each pause
 */
export async function withPauses(
  t: Pick<TestContext, 'after'>,
  clock: { now: number },
  blocks: readonly string[],
): Promise<string[]> {
  const server = createServer((_, response) => {
    clock.now += 61_000
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return blocks.map((block) => block.replace(/(?<!\\)\n/g, `\ncurl http://127.0.0.1:${port}\n`))
}

/** The status, and the message, the name or the length of a list. */
// biome-ignore lint/suspicious/noExplicitAny: bodies of all sorts
export const outlineOf = ({ code = 200, message, data }: any) => [
  code,
  message ?? data?.message ?? data?.username ?? (data?.users ?? data?.sessions ?? data?.events)?.length,
]
