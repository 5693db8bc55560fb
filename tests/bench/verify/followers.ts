/** What very many followers of one process cost it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Dialect } from '../../support/database.ts'
import { freshDatabase } from '../../support/database.ts'
import { post, spawnService } from '../../support/service-process.ts'
import { PASSWORD, REVOCATIONS_TOKEN, STRONG_SECRET } from '../../support/values.ts'

const FOLLOW = fileURLToPath(new URL('follow.ts', import.meta.url))

/** Shares of a core */
export interface Shares {
  readonly idle: number
  /** While something ends five times a second */
  readonly busy: number
  /** Milliseconds from an ending until the last follower had it, at the most */
  readonly delay: number
}

// Ticks of 10 ms: the fields utime and stime of /proc/PID/stat
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function shareOf(pid: number, seconds: number): Promise<number> {
  const before = cpuOf(pid)
  await pause(seconds * 1000)
  return (cpuOf(pid) - before) / (seconds * 1000)
}

export async function measureFollowers(
  t: Cleanup,
  dialect: Dialect,
  followers: number,
  seconds = 15,
): Promise<Shares> {
  const database = await freshDatabase(t, dialect)
  const { url, pid } = await spawnService(t, {
    JWT_SECRET_KEY: STRONG_SECRET,
    REVOCATIONS_TOKEN,
    DATABASE_URL: database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url,
    ...{
      LIMIT_SESSIONS_USER: 'off',
      LIMIT_SESSIONS_ADDRESS: 'off',
      PASSWORD_MEMORY_KIB: '7168',
      PASSWORD_ITERATIONS: '5',
    },
  })
  const body = { username: 'ada', password: PASSWORD }
  await post(`${url}/api/auth/register`, { body })
  const sessions: string[] = []
  for (let count = 0; count < seconds * 5; count++)
    sessions.push(String((await post(`${url}/api/auth/login`, { body })).body.data['refresh_token']))
  const child = spawn(
    process.execPath,
    [FOLLOW, `${url}/revocations`, REVOCATIONS_TOKEN, String(followers)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.after(() => child.kill('SIGKILL'))
  let slowest = 0
  child.stdout.on('data', (chunk: Buffer) => {
    for (const [, time] of chunk.toString().matchAll(/slowest (\d+)/g))
      slowest = Math.max(slowest, Number(time))
  })
  await once(child.stdout, 'data')
  // The first requests of all
  await pause(5000)
  const idle = await shareOf(pid, seconds)
  const load = (async () => {
    for (const token of sessions) {
      await post(`${url}/api/auth/logout`, { token })
      await pause(200)
    }
  })()
  const busy = await shareOf(pid, seconds)
  await load
  return { idle, busy, delay: slowest }
}
