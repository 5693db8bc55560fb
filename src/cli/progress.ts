/** What a long command is doing, on one line of a terminal. */
export interface Progress {
  /** Shows a text in the place of the last one, at most a few times a second. */
  show(text: string): void
  /** Shows a text at once, before work that blocks. */
  showNow(text: string): void
  /** Clears the line. */
  end(): void
}

// Milliseconds
const INTERVAL = 200

/** Writes to standard error, and only if that is a terminal: a log of a cron job needs no progress. */
export function createProgress(output: NodeJS.WriteStream = process.stderr): Progress {
  if (output.isTTY !== true) return { show() {}, showNow() {}, end() {} }
  let shownAt = Number.NEGATIVE_INFINITY
  const write = (text: string) => output.write(`\r\u001b[K${text}`)
  const showNow = (text: string) => {
    shownAt = performance.now()
    write(text)
  }
  return {
    showNow,
    show: (text) => {
      if (performance.now() - shownAt >= INTERVAL) showNow(text)
    },
    end() {
      if (shownAt >= 0) write('')
    },
  }
}

/** Runs work with a progress that is cleared at its end, also if it fails. */
export async function withProgress<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = createProgress()
  try {
    return await work(progress)
  } finally {
    progress.end()
  }
}
