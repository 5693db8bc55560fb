/** /readyz before the first request: 200 only after a write. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import { connect, freshDatabase, test } from '../support/database.ts'
import { start } from '../support/program.ts'
import { STRONG_SECRET, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const REPLICA = { status: 'error', code: 503, message: 'Service unavailable.' }

async function readOnlyPostgres(t: TestContext) {
  const database = await freshDatabase(t, 'postgres')
  if (database.dialect !== 'postgres') throw new TypeError('not PostgreSQL')
  const name = new URL(database.url).pathname.slice(1)
  const connection = await connect(database)
  const change = async (value: 'on' | 'off') => {
    await connection.query('set default_transaction_read_only = off')
    await connection.query(`alter database ${name} set default_transaction_read_only = ${value}`)
    await connection.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    )
  }
  t.after(() => connection.close())
  await change('on')
  return { database, mend: () => change('off') }
}

testOnce('started on a replica: 503 from the first request on, and 200 once it is promoted', async (t) => {
  const { database, mend } = await readOnlyPostgres(t)
  const service = await startService(t, { database })
  assert.deepEqual((await service.request('/readyz')).body, REPLICA)
  await mend()
  await until(async () => (await service.request('/readyz')).status === 200, 'ready')
})

test('one write before the first 200, and none for the second', async (t) => {
  const service = await startService(t)
  assert.equal(service.core.failedWrites.count, 1)
  assert.equal((await service.request('/readyz')).status, 200)
  assert.equal(service.core.failedWrites.count, 0)
})

testOnce('serve says before it listens that it cannot write', { timeout: 180_000 }, async (t) => {
  const { database } = await readOnlyPostgres(t)
  const lines = await linesUntilListening(t, database.url)
  assert.match(
    lines,
    /"msg":"the database cannot be written to: \/readyz fails until it can".*"msg":"listening"/s,
  )
})

/** A file system that is read-only, with the database in it. @returns undefined where none can be mounted */
async function readOnlyDisk(t: TestContext): Promise<string | undefined> {
  const database = await freshDatabase(t, 'sqlite')
  const service = await startService(t, { database })
  await service.stop()
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    rmSync(directory, { recursive: true })
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', directory])
    rmSync(directory, { recursive: true })
  })
  copyFileSync(service.file, join(directory, 'rekindle.db'))
  execFileSync('mount', ['-o', 'remount,ro', directory])
  return directory
}

testOnce('a SQLite file on a read-only disk: the service does not start, or is not ready', async (t) => {
  const disk = await readOnlyDisk(t)
  if (disk === undefined) return t.skip('no disk can be mounted here')
  const file = join(disk, 'rekindle.db')
  const started = await startService(t, { database: { dialect: 'sqlite', file } }).catch(
    (error: Error) => error,
  )
  if (started instanceof Error) assert.match(started.message, /^cannot open the database .*rekindle\.db: /)
  else assert.deepEqual((await started.request('/readyz')).body, REPLICA)
})

async function linesUntilListening(t: TestContext, url: string): Promise<string> {
  const env = { DATABASE_URL: url, JWT_SECRET_KEY: STRONG_SECRET, NODE_ENV: 'production', PORT: '0' }
  const child = start(['src/cli/rekindle.ts', 'serve'], env)
  t.after(() => child.kill('SIGKILL'))
  let lines = ''
  child.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString()
  })
  await until(
    () => /"msg":"listening"/.test(lines),
    () => lines,
  )
  return lines
}
