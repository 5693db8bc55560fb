/** Where the tests' PostgreSQL server is: one for a whole run, see global.ts, or else one of this test file's own. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const VARIABLE = 'REKINDLE_TEST_POSTGRES'

/** A database with the schema in it and no rows, for others to be copied from. */
export const TEMPLATE = 'rekindle_template'

/** @returns the process, and the URL of the server without a database */
export async function startServer(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('serve.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C is for the tests; the end of standard input is for the server.
    detached: process.platform !== 'win32',
  })
  const lines = createInterface({ input: child.stdout })
  const [url] = await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => [])])
  lines.close()
  child.stdout.destroy()
  if (url === undefined) throw new Error('PostgreSQL did not start')
  process.env[VARIABLE] = url
  return { child, url }
}

let started: Promise<string> | undefined

async function startOwn(): Promise<string> {
  const { child, url } = await startServer()
  // It must not keep this process alive, and ends with it.
  child.unref()
  ;(child.stdin as Socket).unref()
  return url
}

export function serverUrl(): Promise<string> {
  const url = process.env[VARIABLE]
  started ??= url === undefined ? startOwn() : Promise.resolve(url)
  return started
}
