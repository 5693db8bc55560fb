/** What is measured: a process of its own on a port, and what the system knows about it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cleanup } from '../../support/cleanup.ts'
import { pinning } from './pinning.ts'

export interface Delay {
  /** Milliseconds */
  readonly p50: number
  readonly p99: number
  /** The longest work without a look at what had come, in CPU time */
  readonly longest: number
}

export interface Running {
  readonly port: number
  /** Microseconds that it has worked so far; undefined where the system does not say */
  cpu(): number | undefined
  /** Bytes that it has in memory */
  memory(): number | undefined
  /** Since it was last asked */
  delay(): Promise<Delay>
  stop(): Promise<void>
}

export interface Start {
  /** Of its processes, which this is */
  readonly index?: number
  /** What traces it */
  readonly tracer?: readonly string[]
  /** A program and its parameters */
  readonly program: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const DELAY = new URL('delay.ts', import.meta.url).href
// Of /proc/PID/stat
const MICROSECONDS_PER_TICK = 10_000

/** Free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts it on a free port, and waits until it takes connections. */
export async function start(
  cleanup: Cleanup,
  { index = 0, tracer = [], program, env }: Start,
): Promise<Running> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
  cleanup.after(() => rmSync(directory, { recursive: true, force: true }))
  const delays = join(directory, 'delay')
  const [command = '', ...args] = [
    ...pinning(index),
    ...tracer,
    process.execPath,
    '--import',
    DELAY,
    ...program,
  ]
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      NODE_ENV: 'production',
      NODE_OPTIONS: process.env['NODE_OPTIONS'],
      ...env,
      PORT: String(port),
      BENCH_DELAY: delays,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGINT')
    await ended
  }
  cleanup.after(stop)
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`it ended before it listened: ${program.join(' ')}`)
    await pause(20)
  }
  return {
    port,
    cpu: () => cpuOf(child.pid),
    memory: () => memoryOf(child.pid),
    async delay() {
      rmSync(delays, { force: true })
      child.kill('SIGUSR2')
      for (;;) {
        const text = read(delays)
        if (text !== undefined) return JSON.parse(text)
        await pause(2)
      }
    },
    stop,
  }
}

export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function cpuOf(pid: number | undefined): number | undefined {
  // The name of the program, in parentheses, may hold spaces.
  const [, fields] = read(`/proc/${pid}/stat`)?.split(') ') ?? []
  const [user, system] = fields?.split(' ').slice(11, 13).map(Number) ?? []
  if (user === undefined || system === undefined) return undefined
  return (user + system) * MICROSECONDS_PER_TICK
}

function memoryOf(pid: number | undefined): number | undefined {
  const kib = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}
