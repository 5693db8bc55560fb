import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { checkedFetch } from './check-response.ts'
import { ENTRY, start } from './program.ts'

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  readonly stdin: Writable
  /** What it printed before it said its address */
  readonly printed: readonly string[]
  /** @returns the last 10,000 characters that it printed since */
  tail(): string
  /** The exit code, or the signal that ended it */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** @returns the exit code, or the signal that ended it */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

/** Starts `serve` on a free port and waits until it says its address. It is ended with the test. */
export async function spawnService(
  t: Pick<TestContext, 'after'>,
  env: object,
  args = [ENTRY, 'serve'],
  program = process.execPath,
): Promise<ServiceProcess> {
  const child = start(args, { PORT: '0', ...env }, program)
  const ended = once(child, 'exit').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  )
  const stop = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  t.after(() => stop('SIGKILL'))
  // Whoever writes to it may be too late.
  child.stdin.on('error', () => {})
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const printed: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"msg":"listening"/.test(line)
      ? String(JSON.parse(line).url)
      : /listens on\s+(http\S+)/.exec(line)?.[1]
    if (url !== undefined) {
      let tail = ''
      child.stdout.on('data', (chunk: Buffer) => {
        tail = (tail + chunk.toString()).slice(-10_000)
      })
      return { url, pid: Number(child.pid), stdin: child.stdin, printed, tail: () => tail, ended, stop }
    }
    // In production a failed start is told here.
    errors += `${line}\n`
    printed.push(line)
  }
  throw new Error(`the service did not start: ${errors}`)
}

/** Sends JSON. @returns the status and the whole body */
export async function post(
  url: string,
  { body, token }: { readonly body?: object; readonly token?: string },
) {
  const response = await checkedFetch(url, {
    method: 'POST',
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      Connection: 'close',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as { data: Record<string, string> } }
}
