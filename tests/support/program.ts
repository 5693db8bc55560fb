/** Programs: the command of this package, in a process that runs many or in one of its own, and others. */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export const ENTRY = fileURLToPath(new URL('../../src/cli/rekindle.ts', import.meta.url))
export const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url))
const HOST = fileURLToPath(new URL('command-host.ts', import.meta.url))

// Else each of a hundred processes strips the types of every file anew, which is half of its work.
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url))

const environment = (env: object) => ({ PATH: process.env['PATH'], NODE_COMPILE_CACHE: CACHE, ...env })

/** Starts a program with nothing in its environment but what the test means. */
export function start(args: readonly string[], env: object = {}, program = process.execPath) {
  return spawn(program, args, { env: environment(env) })
}

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Waits for the end of a process that gets `input` as all of its standard input. */
export async function finish(child: ReturnType<typeof start>, input: string | Buffer = ''): Promise<Result> {
  // Whoever does not read the input may be gone before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** Runs a command in a process of its own: where that is what is tested. */
export function rekindleAlone(args: readonly string[], env: object = {}, input: string | Buffer = '') {
  return finish(start([ENTRY, ...args], env), input)
}

export interface CommandLine {
  readonly args: readonly string[]
  readonly env: object
  readonly input: string | Buffer
}

let host: ChildProcess | undefined
let last: Promise<unknown> = Promise.resolve()

async function inHost(line: CommandLine): Promise<Result> {
  host ??= fork(HOST, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: environment({}),
    serialization: 'advanced',
  })
  host.ref()
  host.channel?.ref()
  try {
    const result = once(host, 'message') as Promise<[Result]>
    host.send(line)
    const [answer] = await Promise.race([result, once(host, 'exit').then(() => undefined)]).then(
      (messages) => messages ?? [{ code: null, stdout: '', stderr: 'the host of the commands ended' }],
    )
    return answer
  } finally {
    // It ends with this process.
    host.channel?.unref()
    host.unref()
  }
}

/**
 * Runs a command to its end, in a process that a test file has for all of its commands, one after the other: to start
 * one for each costs more than what they do. `serve` has one of its own.
 */
export function rekindle(
  args: readonly string[],
  env: object = {},
  input: string | Buffer = '',
): Promise<Result> {
  if (args[0] === 'serve') return rekindleAlone(args, env, input)
  const line = { args, env: { ...environment({}), ...env }, input }
  const result = last.then(() => inHost(line))
  last = result.catch(() => {})
  return result
}

/** What a command prints that fails with exit code 1. */
export const failed = (message: string, code = 1) => ({ code, stdout: '', stderr: `rekindle: ${message}\n` })

/** What a command prints that did its work. */
export const done = (line: string) => ({ code: 0, stdout: `${line}\n`, stderr: '' })

/**
 * Starts a program and waits until it has printed what the pattern's group names. It is stopped after the test, with
 * all that it started: npm starts a shell, which starts the program.
 */
export function startProgram(
  t: { after(stop: () => void): void },
  [command, ...parameters]: readonly [string, ...string[]],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
  pattern: RegExp,
): Promise<string> {
  const program = spawn(command, parameters, { ...options, detached: true })
  t.after(() => program.exitCode ?? process.kill(-Number(program.pid)))
  let output = ''
  return new Promise((resolve, reject) => {
    program.on('exit', () => reject(new Error(`${command} ended: ${output}`)))
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const found = pattern.exec(output)?.[1]
        if (found !== undefined) resolve(found)
      })
    }
  })
}
