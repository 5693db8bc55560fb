/** `node --test --test-global-setup=tests/support/global.ts`: what all test files share. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { SQLITE_TEMPLATE } from './database.ts'
import { startServer, VARIABLE } from './postgres/server.ts'
import { temporaryDirectory } from './temporary.ts'

let server: ChildProcess | undefined
let directory: string | undefined

export async function globalSetup(): Promise<void> {
  // Two hundred processes compile the same modules: with it each takes half as long.
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'rekindle-compile-cache')
  directory = temporaryDirectory('template')
  const file = join(directory, 'rekindle.db')
  const store = await openStore({ dialect: 'sqlite', file })
  await migrate(store.db)
  await store.close()
  process.env[SQLITE_TEMPLATE] = file
  const { child, url } = await startServer()
  process.env[VARIABLE] = url
  server = child
}

export async function globalTeardown(): Promise<void> {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  if (server === undefined || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
}
