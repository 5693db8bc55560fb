/** The real service in a process of its own, and what it tells of itself at /metrics. */
import pino from 'pino'
import { readServiceSettings } from '../../../src/config/settings.ts'
import { createApp } from '../../../src/http/app.ts'
import { createCore } from '../../../src/http/core.ts'
import { listen } from '../../../src/http/server/listen.ts'
import { parseExposition } from '../../http/exposition.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Dialect } from '../../support/database.ts'
import { freshDatabase } from '../../support/database.ts'
import { MAIN } from '../../support/program.ts'
import { environment, fill } from '../throughput/fill.ts'
import { pace } from '../throughput/load.ts'
import { REFRESH } from '../throughput/operation.ts'
import { freePort, start } from '../throughput/process.ts'
import { temporaryDirectory } from '../throughput/subjects.ts'

type Environment = Readonly<Record<string, string>>

export const USERS = 20

// All of it comes from one address.
const UNLIMITED: Environment = Object.fromEntries(
  [
    ...['LOGIN_ADDRESS', 'LOGIN_ACCOUNT', 'LOGIN_DELAY', 'SESSIONS_USER', 'SESSIONS_ADDRESS'],
    ...['REFRESH_SESSION', 'REFRESH_USER', 'FAILURES_ADDRESS'],
  ].map((name) => [`LIMIT_${name}`, 'off']),
)

/** Each client has an address of its own, and the limits are those of a service that nobody has configured. */
export const PROXIED: Environment = { TRUST_PROXY: '1' }

/** As they are when nobody sets them: an empty variable counts as unset. */
export const LIMITED = Object.fromEntries(Object.keys(UNLIMITED).map((name) => [name, '']))

export interface LoadedService {
  readonly port: number
  /** Refreshes at a constant rate, each of which has to be a rotation. Milliseconds */
  refresh(
    rate: number,
    seconds: number,
  ): Promise<{ readonly p50: number; readonly p99: number; readonly p999: number }>
  metrics(): Promise<ReadonlyMap<string, number>>
  /** Milliseconds of CPU time that the event loop worked at most, since this was last asked, before it looked at what had come */
  longestTurn(): Promise<number>
}

interface Prepared {
  readonly env: Environment
  /** Of refresh tokens */
  readonly file: string
}

/** @param sessions for the refreshes: as many as come before the first is answered are enough */
async function prepare(
  cleanup: Cleanup,
  dialect: Dialect,
  sessions: number,
  limits: Environment = UNLIMITED,
): Promise<Prepared> {
  const options = await freshDatabase(cleanup, dialect)
  const env = { ...environment(options), ...limits, METRICS_PORT: String(await freePort()) }
  const sizes = { users: USERS, sessions }
  const { paced: file } = await fill(temporaryDirectory(cleanup), env, 'refresh', sizes)
  return { env, file }
}

const refresher =
  (port: number, file: string): LoadedService['refresh'] =>
  (rate, seconds) =>
    pace({ ports: [port], operation: REFRESH, file }, rate, Math.round(rate * seconds))

export interface LoadedOptions {
  /** Variables */
  readonly limits?: Readonly<Record<string, string>>
  /** What is done to the database before the service starts */
  readonly beforehand?: (env: Readonly<Record<string, string>>) => Promise<void>
}

export async function startLoaded(
  cleanup: Cleanup,
  dialect: Dialect,
  sessions: number,
  { limits = UNLIMITED, beforehand = async () => {} }: LoadedOptions = {},
): Promise<LoadedService> {
  const { env, file } = await prepare(cleanup, dialect, sessions, limits)
  await beforehand(env)
  const { port, delay } = await start(cleanup, { program: [MAIN], env })
  return {
    port,
    refresh: refresher(port, file),
    async metrics() {
      const response = await fetch(`http://127.0.0.1:${env['METRICS_PORT']}/metrics`)
      return parseExposition(await response.text())
    },
    longestTurn: async () => (await delay()).longest,
  }
}

/** In this process, with other limits for slow clients. */
export async function startHurried(
  cleanup: Cleanup,
  timeouts: Parameters<typeof listen>[3],
  sessions: number,
): Promise<LoadedService> {
  const { env, file } = await prepare(cleanup, 'sqlite', sessions)
  const core = await createCore({ ...readServiceSettings(env), log: pino({ level: 'silent' }) })
  cleanup.after(() => core.store.close())
  const listener = await listen(createApp(core), { host: '127.0.0.1', port: 0 }, core, timeouts)
  cleanup.after(() => listener.close(0))
  const port = Number(new URL(listener.url).port)
  return {
    port,
    refresh: refresher(port, file),
    metrics: async () => parseExposition((await core.metrics?.text()) ?? ''),
    // The load runs in the same process.
    longestTurn: async () => Number.NaN,
  }
}
