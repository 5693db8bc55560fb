/** `node --test --test-global-setup=tests/support/global.ts`: what all test files share. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { shareCompiled } from './compile-cache.ts'
import { startServer, VARIABLE } from './postgres/server.ts'
import { makeTemplate } from './sqlite-template.ts'

let server: ChildProcess | undefined
let removeTemplate = () => {}

export async function globalSetup(): Promise<void> {
  shareCompiled()
  removeTemplate = await makeTemplate()
  const { child, url } = await startServer()
  process.env[VARIABLE] = url
  server = child
}

export async function globalTeardown(): Promise<void> {
  removeTemplate()
  if (server === undefined || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
}
