/** Others, each as a small program on a SQLite file that is as durable as ours. */
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '../../support/database.ts'
import type { Operation } from '../throughput/operation.ts'
import { REFRESH } from '../throughput/operation.ts'
import { start } from '../throughput/process.ts'
import type { Subject } from '../throughput/subject.ts'
import { temporaryDirectory } from '../throughput/subjects.ts'
import { tracer } from '../throughput/syncs.ts'

const VERSIONS = {
  'better-auth': '1.7.25',
  'oidc-provider': '9.13.3',
  express: '5.3.0',
  jsonwebtoken: '9.0.3',
  'better-sqlite3': '13.2.0',
}

interface Peer {
  readonly key: keyof typeof VERSIONS
  readonly name: string
  readonly operation: Operation
  /** What its database knows of it */
  readonly trace?: string
}

const PEERS: readonly Peer[] = [
  {
    key: 'better-auth',
    name: `better-auth ${VERSIONS['better-auth']}: a session is prolonged`,
    operation: {
      method: 'GET',
      path: '/api/auth/get-session',
      header: 'Cookie: TOKEN',
      body: '',
      proof: '"session":{',
    },
  },
  {
    key: 'oidc-provider',
    name: `oidc-provider ${VERSIONS['oidc-provider']}: grant refresh_token`,
    operation: {
      ...REFRESH,
      path: '/token',
      header: 'Content-Type: application/x-www-form-urlencoded',
      body: 'grant_type=refresh_token&client_id=bench&client_secret=bench-secret&refresh_token=TOKEN',
    },
    trace: 'select count(consumed_at) as done from items',
  },
  {
    key: 'express',
    name: `Express ${VERSIONS.express}, jsonwebtoken: a tutorial's rotation`,
    operation: {
      ...REFRESH,
      path: '/refresh',
      header: 'Content-Type: application/json',
      body: '{"token":"TOKEN"}',
    },
    trace: 'select sum(rotations) as done from refresh_tokens',
  },
]

/** Installs them apart from our own dependencies. */
export function install(directory: string): void {
  for (const name of ['shared', ...PEERS.map(({ key }) => key)]) {
    copyFileSync(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), join(directory, `${name}.mjs`))
  }
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`)
  // better-sqlite3 brings what it needs; the others have nothing to run.
  const args = ['install', '--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund', ...packages]
  const { status } = spawnSync('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error('npm could not install the others')
}

/** @param installed where */
export function peers(installed: string, keys: readonly string[] | undefined): Subject[] {
  return PEERS.filter(({ key }) => keys?.includes(key) ?? true).map((peer) => subject(installed, peer))
}

function subject(installed: string, { key, name, operation, trace }: Peer): Subject {
  return {
    key,
    name,
    where: 'SQLite',
    operation,
    async prepare(cleanup, preparation) {
      const directory = temporaryDirectory(cleanup)
      const file = join(directory, 'peer.db')
      const env = {
        BENCH_FILE: file,
        BENCH_DIRECTORY: directory,
        BENCH_SESSIONS: String(preparation.sizes.sessions),
      }
      const traced = tracer(directory, preparation)
      const program = [join(installed, `${key}.mjs`)]
      const running = await start(cleanup, { program, env, tracer: traced.tracer })
      const connection = await connect({ dialect: 'sqlite', file })
      cleanup.after(() => connection.close())
      const files = ['warm-up', 'saturated', 'paced'].map((phase) => join(directory, phase))
      const [warmUp = '', saturated = '', paced = ''] = files
      return {
        processes: [running],
        files: { warmUp, saturated, paced },
        async done() {
          return trace === undefined ? undefined : Number((await connection.query(trace))[0].done)
        },
        syncs: traced.syncs,
      }
    },
  }
}
