/** Debian's PgBouncer in transaction mode, before the tests' PostgreSQL. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePort } from '../bench/throughput/process.ts'
import { until } from '../support/until.ts'

/** Of each database */
export const SERVER_CONNECTIONS = 5

export const PGBOUNCER = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
  .map((directory) => join(directory, 'pgbouncer'))
  .find(existsSync)

/**
 * @param url of a database
 * @returns the URL of the same database through a pooler of its own
 */
export async function startPooler(t: Pick<TestContext, 'after'>, url: string): Promise<string> {
  const target = new URL(url)
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-pgbouncer-'))
  // PgBouncer refuses to run as root.
  chmodSync(directory, 0o755)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'pgbouncer.ini')
  const password = decodeURIComponent(target.password).replaceAll("'", "''")
  writeFileSync(
    file,
    `[databases]
* = host=${target.hostname} port=${target.port} user=${target.username} password='${password}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 300
`,
  )
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const pooler = spawn(PGBOUNCER ?? 'pgbouncer', [...user, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => pooler.kill('SIGKILL'))
  let output = ''
  pooler.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const isOpen = () =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => resolve(false)).on('connect', () => resolve(socket.destroy()))
    })
  await until(isOpen, () => `PgBouncer: ${output}`)
  target.host = `127.0.0.1:${port}`
  return target.href
}
