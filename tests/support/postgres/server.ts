/** Where the tests' PostgreSQL server is: one for a whole run, see global.ts, or else one of this test file's own. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Carries the URL to the processes of the test files. */
export const VARIABLE = 'REKINDLE_TEST_POSTGRES'

/** A database with the schema in it and no rows, for others to be copied from. */
export const TEMPLATE = 'rekindle_template'

export interface Server {
  readonly child: ChildProcess
  /** Without a database */
  readonly url: string
  /** What it prints from now on */
  readonly lines: AsyncIterator<string>
}

/** @param parameters of serve.ts */
export async function startServer(...parameters: string[]): Promise<Server> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('serve.ts', import.meta.url)), ...parameters],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      // Ctrl-C is for the tests; the end of standard input is for the server.
      detached: process.platform !== 'win32',
    },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: url } = await lines.next()
  if (url === undefined) throw new Error('PostgreSQL did not start')
  return { child, url, lines }
}

let started: Promise<string> | undefined

async function startOwn(): Promise<string> {
  const { child, url } = await startServer()
  // It must not keep this process alive, and ends with it.
  child.unref()
  child.stdout?.destroy()
  ;(child.stdin as Socket).unref()
  return url
}

export function serverUrl(): Promise<string> {
  const url = process.env[VARIABLE]
  started ??= url === undefined ? startOwn() : Promise.resolve(url)
  return started
}
