import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { withCleanup } from '../../support/cleanup.ts'
import { freshDatabase } from '../../support/database.ts'
import { MAIN } from '../../support/program.ts'
import { environment, fill } from './fill.ts'
import { pinning } from './pinning.ts'
import { freePort } from './process.ts'
import { median } from './rounds.ts'
import { temporaryDirectory } from './subjects.ts'

const STARTS = 7
const SIZES = { users: 100, sessions: 1000 }

/** @returns milliseconds from `node` to the first 200 of /readyz, on a SQLite database that is there */
export function coldStart(): Promise<number | undefined> {
  return withCleanup(async (cleanup) => {
    const env = environment(await freshDatabase(cleanup, 'sqlite'))
    await fill(temporaryDirectory(cleanup), env, 'refresh', SIZES)
    const taken = []
    for (let round = 0; round < STARTS; round++) taken.push(await startOnce(env))
    return median(taken)
  })
}

async function startOnce(env: Readonly<Record<string, string>>): Promise<number> {
  const port = await freePort()
  const [command = '', ...args] = [...pinning(0), process.execPath, MAIN]
  const begun = performance.now()
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error('the service did not start')
      await pause(2)
    }
    return performance.now() - begun
  } finally {
    child.kill('SIGINT')
    await ended
  }
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
    headers: { Connection: 'close' },
  }).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}
