import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../support/program.ts'

/** Starts the mock as `docs/mock.md` does, but on a free port. @returns its address */
export function startMock(t: TestContext): Promise<string> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  return startProgram(t, ['npm', 'run', 'mock', '--', '--port', '0'], { cwd }, /listening on (http:\S+)/)
}
