/** `node --test --test-global-setup=tests/support/global.ts`: what all test files share. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, VARIABLE } from './postgres/server.ts'

let server: ChildProcess | undefined

export async function globalSetup(): Promise<void> {
  // Two hundred processes compile the same modules: with it each takes half as long.
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'rekindle-compile-cache')
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
