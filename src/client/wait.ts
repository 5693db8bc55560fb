/** Waiting, with nothing of `AbortSignal` that browsers got late: `any`, `timeout`, `throwIfAborted`. */

/** In Node a timer or channel that is not released would keep the process alive. */
export const release = (handle: unknown): void => (handle as { unref?: () => void }).unref?.()

export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  return unlessAborted(signal, over).finally(() => clearTimeout(timer))
}

/** Stops waiting when the signal is aborted. The work goes on for its other callers. @throws the signal's reason */
export function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  return new Promise<T>((resolve, reject) => {
    // React Native knows no reason.
    const abort = () => reject(signal.reason ?? Object.assign(new Error('aborted'), { name: 'AbortError' }))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject)
  })
}

/** Aborts work after a time, or with one of the signals. */
export function limited<T>(
  milliseconds: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, milliseconds)
  for (const signal of signals) {
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
  }
  return unlessAborted(controller.signal, work(controller.signal)).finally(() => {
    clearTimeout(timer)
    for (const signal of signals) signal?.removeEventListener('abort', abort)
  })
}
