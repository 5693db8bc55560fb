import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export const ENTRY = fileURLToPath(new URL('../../src/cli/rekindle.ts', import.meta.url))
export const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url))

export const PASSWORD = 'correct horse battery staple'

// Else each of a hundred processes strips the types of every file anew, which is half of its work.
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url))

/** Starts a program with nothing in its environment but what the test means. */
export function start(args: readonly string[], env: object = {}, program = process.execPath) {
  return spawn(program, args, { env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: CACHE, ...env } })
}

/** Waits for the end of a process that gets `input` as all of its standard input. */
export async function finish(child: ReturnType<typeof start>, input: string | Buffer = '') {
  // Whoever does not read the input may be gone before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** Runs a command to its end. */
export function rekindle(args: readonly string[], env: object = {}, input: string | Buffer = '') {
  return finish(start([ENTRY, ...args], env), input)
}

/** What a command prints that fails with exit code 1. */
export const failed = (message: string, code = 1) => ({ code, stdout: '', stderr: `rekindle: ${message}\n` })

/** What a command prints that did its work. */
export const done = (line: string) => ({ code: 0, stdout: `${line}\n`, stderr: '' })
