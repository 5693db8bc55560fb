/** Load on one or several processes, by programs of their own. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Operation } from './operation.ts'

export interface Target {
  readonly ports: readonly number[]
  readonly operation: Operation
  /** Of tokens, one a line: different sessions */
  readonly file: string
}

export interface Load {
  /** What was answered */
  readonly requests: number
  /** Seconds */
  readonly duration: number
  /** Milliseconds */
  readonly p50: number
  readonly p99: number
}

export interface PacedLoad extends Load {
  readonly p999: number
}

export type Generator = 'wrk' | 'autocannon'

export const CONNECTIONS = 64

const wrk = spawnSync('wrk', ['-v'], { encoding: 'utf8' })
export const generator: Generator = wrk.error === undefined ? 'wrk' : 'autocannon'
/** The first words of what it says about itself */
export const wrkVersion = /^wrk \S+/.exec(wrk.stdout ?? '')?.[0]

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

async function run(command: string, args: readonly string[], env: object = {}): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`${command} failed: ${output}`)
  return output
}

/** @throws when anything but 200 was answered: refusals are cheap */
function settle<T>(output: string): T {
  const [, figures, refusal] = /RESULT (\{.*?\}) (.*)/.exec(output) ?? []
  if (figures === undefined) throw new Error(`no result: ${output}`)
  const { failed, refused, ...result } = JSON.parse(figures)
  if (failed > 0) throw new Error(`${failed} requests were not answered`)
  if (refused > 0) throw new Error(`${refused} requests were refused: ${refusal}`)
  return result
}

/** Closed loop: each connection sends the next request when the last one is answered. */
export async function saturate(target: Target, seconds: number, by: Generator = generator): Promise<Load> {
  const { connections = CONNECTIONS } = target.operation
  if (by === 'autocannon') {
    const parameters = JSON.stringify({ ...target, seconds, connections })
    return settle(await run(process.execPath, [path('autocannon.ts'), parameters]))
  }
  const { ports, operation, file } = target
  const { method, path: where, header, body, next = '', proof = '' } = operation
  const sizes = [`-t${ports.length}`, `-c${connections}`, `-d${Math.ceil(seconds)}s`, '--timeout', '30s']
  const script = [method, where, header, body, file, next, proof]
  const url = `http://127.0.0.1:${ports[0]}`
  const env = { PORTS: ports.join() }
  return settle(await run('wrk', [...sizes, '-s', path('load.lua'), url, '--', ...script], env))
}

/**
 * Open loop: a constant rate, whether the last ones are answered or not.
 *
 * @param rate requests per second
 * @param uncounted so many of the first are in no latency: they wait for the program that sends them, which V8 compiles
 */
export async function pace(target: Target, rate: number, count: number, uncounted = 0): Promise<PacedLoad> {
  const parameters = JSON.stringify({ ...target, rate, count, uncounted, connections: CONNECTIONS })
  return settle(await run(process.execPath, [path('paced.ts'), parameters]))
}
