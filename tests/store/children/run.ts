/** Runs one of the scripts beside this file in a separate process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export interface Child {
  /** Whether it has printed something to standard error: see migrate.ts */
  readonly isThere: Promise<unknown>
  /** Ends its standard input. */
  begin(): void
  readonly ended: Promise<Ended>
}

export function startChild(script: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args])
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, errors] = [text(child.stdout), text(child.stderr)]
  return {
    isThere: Promise.race([once(child.stderr, 'data'), closed]),
    begin: () => void child.stdin.end(),
    ended: Promise.all([closed, out, errors]).then(([code, output, said]) => ({
      code,
      output: output + said.replace('there\n', ''),
    })),
  }
}

export function runChild(script: string, ...args: string[]): Promise<Ended> {
  const child = startChild(script, ...args)
  child.begin()
  return child.ended
}
