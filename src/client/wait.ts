/** Waiting, without `AbortSignal.any` and `AbortSignal.timeout`, which many browsers in use do not have. */

// Milliseconds: the longest timer that platforms support
const MAX_TIMER = 2 ** 31 - 1

/** In Node a timer or channel that is not released would keep the process alive. */
export const release = (handle: unknown): void => (handle as { unref?: () => void }).unref?.()

/** A timer for any time, also one that has passed */
export function wakeIn(milliseconds: number, work: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(work, Math.max(0, Math.min(milliseconds, MAX_TIMER)))
  release(timer)
  return timer
}

/**
 * Waits for work until a signal is aborted or the time is over, which the work is told by its signal.
 *
 * @param work undefined waits for the time
 * @throws the reason of the signal
 */
export async function within<T>(
  signals: readonly (AbortSignal | undefined)[],
  work?: (signal: AbortSignal) => Promise<T>,
  milliseconds = MAX_TIMER,
): Promise<T> {
  const controller = new AbortController()
  let stop = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  const stopped = new Promise<T>((resolve, reject) => {
    stop = () => {
      controller.abort()
      // React Native knows no reason.
      reject(signals.find((signal) => signal?.aborted)?.reason ?? new Error('aborted'))
    }
    timer = setTimeout(work ? stop : () => resolve(undefined as T), milliseconds)
  })
  for (const signal of signals) {
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
  }
  try {
    return await Promise.race([work?.(controller.signal) ?? stopped, stopped])
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal?.removeEventListener('abort', stop)
  }
}

/** @throws the reason of the signal */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<unknown> =>
  within([signal], undefined, milliseconds)
