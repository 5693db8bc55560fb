/** The targets of the campaign: the service as a separate process, and its database. */

import { setTimeout as pause } from 'node:timers/promises'
import type { StoreOptions } from '../../src/store/open.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Cleanup } from '../support/cleanup.ts'
import type { Dialect } from '../support/database.ts'
import { connect, freshDatabase } from '../support/database.ts'
import type { Server } from '../support/postgres/server.ts'
import { startServer, TEMPLATE } from '../support/postgres/server.ts'
import { ENTRY } from '../support/program.ts'
import { STRONG_SECRET } from '../support/service.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { spawnService } from '../support/service-process.ts'
import { UNLIMITED } from '../support/values.ts'

export const DIE_AT = new URL('die-at.ts', import.meta.url).href

/** A database that can be killed. */
export interface Place {
  readonly options: StoreOptions
  /** PostgreSQL alone: ends all of its processes at once and starts it again */
  crash(): Promise<void>
  /** PostgreSQL alone: kills the process behind one of the service's connections */
  crashBackend(): Promise<void>
}

const never = async () => {
  throw new TypeError('SQLite is no process')
}

export async function openPlace(cleanup: Cleanup, dialect: Dialect): Promise<Place> {
  if (dialect === 'sqlite') {
    return { options: await freshDatabase(cleanup, dialect), crash: never, crashBackend: never }
  }
  const server = await startServer('--durable')
  cleanup.after(() => stopServer(server))
  const options = { dialect, url: `${server.url}/${TEMPLATE}` }
  return {
    options,
    async crash() {
      server.child.stdin?.write('crash\n')
      const { value } = await server.lines.next()
      if (value !== 'up') throw new Error('PostgreSQL did not come up again')
    },
    crashBackend: () => crashBackend(options),
  }
}

async function crashBackend(options: StoreOptions): Promise<void> {
  const connection = await connect(options)
  const backends = await connection.query(
    `select pid from pg_stat_activity where backend_type = 'client backend'
      order by application_name = 'rekindle' desc, query_start desc limit 1`,
  )
  for (const { pid } of backends) process.kill(pid, 'SIGKILL')
  // The server ends all connections before it recovers, including this one.
  while (await connection.query('select 1').then(Boolean, () => false)) await pause(1)
  while (!(await canConnect(options))) await pause(5)
}

async function canConnect(options: StoreOptions): Promise<boolean> {
  try {
    await (await connect(options)).close()
    return true
  } catch {
    return false
  }
}

async function stopServer({ child }: Server): Promise<void> {
  child.stdin?.end()
  while (child.exitCode === null) await pause(10)
}

// On a busy machine many crashes in a row would exceed the default timeout.
const ENVIRONMENT = {
  JWT_SECRET_KEY: STRONG_SECRET,
  // Its signatures are deterministic, so that a repeated exchange is answered with the same bytes.
  ACCESS_TOKEN_ALGORITHM: 'EdDSA',
  LOG_LEVEL: 'silent',
  REFRESH_TOKEN_GRACE_SECONDS: '300',
  ...UNLIMITED,
}

export const urlOf = (options: StoreOptions): string =>
  options.dialect === 'sqlite' ? `sqlite:${options.file}` : options.url

export function startTarget(cleanup: Cleanup, options: StoreOptions): Promise<ServiceProcess> {
  const DATABASE_URL = urlOf(options)
  return spawnService(cleanup, { ...ENVIRONMENT, DATABASE_URL }, ['--import', DIE_AT, ENTRY, 'serve'])
}

/** Waits until the process reports that it is ready. @returns milliseconds since `begun` */
export async function untilReady(url: string, begun: number): Promise<number> {
  for (;;) {
    const status = await checkedFetch(`${url}/readyz`).then(
      ({ status }) => status,
      () => 0,
    )
    if (status === 200) return performance.now() - begun
    if (performance.now() - begun > 60_000) throw new Error(`not ready for a minute: ${status}`)
    await pause(5)
  }
}
