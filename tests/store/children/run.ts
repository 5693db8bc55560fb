/** Runs one of the scripts beside this file in a process of its own. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export async function runChild(script: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [code, out, errors] = await Promise.all([closed, text(child.stdout), text(child.stderr)])
  return { code, output: out + errors }
}
