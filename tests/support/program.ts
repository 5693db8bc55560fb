import type { SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'

/**
 * Starts a program and waits until it has printed what the pattern's group names. It is stopped after the test, with
 * all that it started: npm starts a shell, which starts the program.
 */
export function startProgram(
  t: { after(stop: () => void): void },
  [command, ...parameters]: readonly [string, ...string[]],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
  pattern: RegExp,
): Promise<string> {
  const program = spawn(command, parameters, { ...options, detached: true })
  t.after(() => program.exitCode ?? process.kill(-Number(program.pid)))
  let output = ''
  return new Promise((resolve, reject) => {
    program.on('exit', () => reject(new Error(`${command} ended: ${output}`)))
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const found = pattern.exec(output)?.[1]
        if (found !== undefined) resolve(found)
      })
    }
  })
}
