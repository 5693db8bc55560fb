/** The floor, and our own operations on both databases. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Connection, Dialect } from '../../support/database.ts'
import { connect, freshDatabase } from '../../support/database.ts'
import { MAIN } from '../../support/program.ts'
import { BOUND_ENVIRONMENT, boundRefresh } from './bound.ts'
import type { Kind } from './fill.ts'
import { environment, fill } from './fill.ts'
import type { Operation } from './operation.ts'
import { EXCHANGE, LOGIN, ME, REFRESH } from './operation.ts'
import { start } from './process.ts'
import type { Subject } from './subject.ts'
import { postgresSyncs, tracer } from './syncs.ts'

interface Own {
  readonly operation: Operation | (() => Operation)
  readonly env?: Readonly<Record<string, string>>
  readonly kind: Kind
  /** What the database knows of it */
  readonly trace?: string
}

const REFRESHES = 'select sum(refresh_count) as done from sessions'
const OWN: Readonly<Record<string, Own>> = {
  refresh: { operation: REFRESH, kind: 'refresh', trace: REFRESHES },
  'refresh-es256': {
    operation: REFRESH,
    kind: 'refresh',
    trace: REFRESHES,
    env: { ACCESS_TOKEN_ALGORITHM: 'ES256' },
  },
  'refresh-eddsa': {
    operation: REFRESH,
    kind: 'refresh',
    trace: REFRESHES,
    env: { ACCESS_TOKEN_ALGORITHM: 'EdDSA' },
  },
  exchange: { operation: EXCHANGE, kind: 'access', trace: REFRESHES },
  'refresh-dpop': { operation: boundRefresh, kind: 'bound', env: BOUND_ENVIRONMENT, trace: REFRESHES },
  me: { operation: ME, kind: 'access' },
  login: { operation: LOGIN, kind: 'login', trace: 'select count(*) as done from sessions' },
}

export function temporaryDirectory(cleanup: Cleanup): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
  cleanup.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function doneOn(connection: Connection, trace: string | undefined): Promise<number | undefined> {
  if (trace === undefined) return undefined
  const [{ done }] = await connection.query(trace)
  return Number(done)
}

function own(key: string, wanted: Own, dialect: Dialect, count = 1): Subject {
  const { operation, kind, env: more, trace } = wanted
  const make = typeof operation === 'function' ? operation : () => operation
  const { method, path } = make()
  const database = { sqlite: 'SQLite', postgres: 'PostgreSQL' }[dialect]
  const { ACCESS_TOKEN_ALGORITHM: algorithm } = more ?? {}
  return {
    key,
    name: `${method} ${path}${kind === 'bound' ? ' with DPoP' : ''}${algorithm === undefined ? '' : `, ${algorithm}`}`,
    where: count === 1 ? database : `${database}, ${count} processes`,
    get operation() {
      return make()
    },
    async prepare(cleanup, preparation) {
      const options = await freshDatabase(cleanup, dialect)
      const directory = temporaryDirectory(cleanup)
      const env = { ...environment(options), ...more }
      const files = await fill(directory, env, kind, preparation.sizes)
      const connection = await connect(options)
      cleanup.after(() => connection.close())
      if (dialect === 'postgres') await connection.query('analyze')
      const traced = dialect === 'sqlite' ? tracer(directory, preparation) : undefined
      const processes = []
      for (let index = 0; index < count; index++) {
        processes.push(await start(cleanup, { index, tracer: traced?.tracer ?? [], program: [MAIN], env }))
      }
      return {
        processes,
        files,
        done: () => doneOn(connection, trace),
        syncs: traced?.syncs ?? (() => postgresSyncs(connection)),
      }
    },
  }
}

export const FLOOR: Subject = {
  key: 'floor',
  name: 'floor',
  where: 'Hono and node-server',
  operation: REFRESH,
  async prepare(cleanup, { sizes }) {
    const directory = temporaryDirectory(cleanup)
    const file = join(directory, 'tokens')
    writeFileSync(file, `${'x'.repeat(320)}\n`.repeat(sizes.sessions))
    const program = [fileURLToPath(new URL('floor.ts', import.meta.url))]
    const processes = [await start(cleanup, { program, env: {} })]
    const nothing = async () => undefined
    return { processes, files: { warmUp: file, saturated: file, paced: file }, done: nothing, syncs: nothing }
  },
}

/** @param keys of the operations; all of them by default */
export function subjects(keys: readonly string[] = Object.keys(OWN)): Subject[] {
  const on = (dialect: Dialect, count?: number) =>
    keys.map((key) => {
      const operation = OWN[key]
      if (operation === undefined) throw new Error(`${key} is none of ${Object.keys(OWN).join(', ')}`)
      return own(key, operation, dialect, count)
    })
  return [...on('sqlite'), ...on('postgres'), ...on('postgres', 2)]
}
