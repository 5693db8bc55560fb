/**
 * A process that runs one command line after the other, each as if it had been started for it alone: see `rekindle` in
 * program.ts.
 */
import { PassThrough } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import type { CommandLine, Result } from './program.ts'
import { until } from './until.ts'

/** What keeps a process from ending, by kind. */
const open = () => Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)

function leftOpen(before: ReturnType<typeof open>): string[] {
  return [...open()]
    .filter(([kind, all]) => kind !== 'Immediate' && all.length > (before.get(kind)?.length ?? 0))
    .map(([kind]) => kind)
}

function capture(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const { write } = stream
  let text = ''
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    text += Buffer.from(chunk as string).toString()
    const done = rest.find((argument) => typeof argument === 'function')
    if (done !== undefined) process.nextTick(done as () => void)
    return true
  }
  return {
    text: () => text,
    end() {
      stream.write = write
      stream.removeAllListeners('error')
    },
  }
}

async function run({ args, env, input }: CommandLine): Promise<Result> {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  const stdin = new PassThrough()
  stdin.end(input)
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  const before = open()
  let failure = ''
  try {
    await main(args)
    // A process of its own would end now.
    await until(
      () => leftOpen(before).length === 0,
      () => `it does not end: ${leftOpen(before)}`,
      { within: 10_000 },
    )
  } catch (error) {
    failure = String(error)
  }
  for (const stream of [stdout, stderr]) stream.end()
  const code = failure === '' ? Number(process.exitCode ?? 0) : null
  process.exitCode = undefined
  return { code, stdout: stdout.text(), stderr: stderr.text() + failure }
}

// Even with something open: it is the end of a test file, or of a test that failed for that.
process.on('disconnect', () => process.exit())

process.on('message', (line: CommandLine) => {
  void run(line).then((result) => process.send?.(result))
})
