/** `node --test --test-global-setup=tests/postgres/global.ts`: one PostgreSQL server for all test files. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { startServer, VARIABLE } from './server.ts'

let server: ChildProcess | undefined

export async function globalSetup(): Promise<void> {
  const { child, url } = await startServer()
  process.env[VARIABLE] = url
  server = child
}

export async function globalTeardown(): Promise<void> {
  if (server === undefined || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
}
