/** `node --test --test-global-setup=tests/postgres/global.ts`: one PostgreSQL server for all test files. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { startServer } from './server.ts'

let server: ChildProcess | undefined

export async function globalSetup(): Promise<void> {
  server = (await startServer()).child
}

export async function globalTeardown(): Promise<void> {
  if (server === undefined || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
}
