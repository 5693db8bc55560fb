import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Result =
  | { readonly outcome: 'passed' }
  /** `test` is the name of the first that failed */
  | { readonly outcome: 'failed'; readonly test: string }
  | { readonly outcome: 'hung' }

/**
 * Runs a test file in a process group of its own, of which nothing is left afterwards.
 *
 * @param patience milliseconds, then it has hung
 */
export async function runTests(directory: string, file: string, patience: number): Promise<Result> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  let hasHung = false
  const timer = setTimeout(() => {
    hasHung = true
    killGroup(Number(child.pid))
  }, patience)
  const kill = () => killGroup(Number(child.pid))
  process.once('exit', kill)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  process.off('exit', kill)
  kill()
  const [, test] = /^ *not ok \d+ - (.*)$/m.exec(output) ?? []
  if (hasHung && test === undefined) return { outcome: 'hung' }
  return code === 0 ? { outcome: 'passed' } : { outcome: 'failed', test: test ?? 'the process' }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}
