import type { Cleanup } from './target.ts'

/** What a test's `t.after` does, for programs. Ends the process: with code 1 if the work failed. */
export async function withCleanup(work: (cleanup: Cleanup) => Promise<void>): Promise<never> {
  const works: Array<() => unknown> = []
  let code = 0
  try {
    await work({ after: (work) => void works.push(work) })
  } catch (error) {
    console.error(error instanceof Error && error.name === 'Violation' ? error.message : error)
    code = 1
  }
  for (const work of works.reverse()) await work()
  process.exit(code)
}
