/** What a test's `t.after` does, for programs and parts of tests. */
export interface Cleanup {
  after(work: () => unknown): void
}

/** A cleanup of one's own: what was registered last is done first. */
export async function withCleanup<T>(work: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const works: Array<() => unknown> = []
  try {
    return await work({ after: (work) => void works.push(work) })
  } finally {
    for (const work of works.reverse()) await work()
  }
}

/** The same for a whole program. Ends the process: with code 1 if the work failed. */
export async function runToEnd(work: (cleanup: Cleanup) => Promise<void>): Promise<never> {
  let code = 0
  try {
    await withCleanup(work)
  } catch (error) {
    console.error(error instanceof Error && error.name === 'Violation' ? error.message : error)
    code = 1
  }
  process.exit(code)
}
