import { setTimeout as pause } from 'node:timers/promises'

export interface SliceOptions {
  /** The pause after a slice is this many times as long as the slice took. 0: no pause */
  readonly pauseFactor: number
  /** Milliseconds that a pause takes at most */
  readonly maxPause?: number
  /** Ends the work between two slices */
  readonly signal?: AbortSignal | undefined
}

/**
 * Does long work slice by slice. The pauses leave the database and the event loop to other requests.
 *
 * @param slice resolves to whether there is more to do
 */
export async function inSlices(
  slice: () => Promise<boolean>,
  { pauseFactor, maxPause = Number.POSITIVE_INFINITY, signal }: SliceOptions,
): Promise<void> {
  while (signal?.aborted !== true) {
    const begun = performance.now()
    if (!(await slice())) return
    const time = Math.min(pauseFactor * (performance.now() - begun), maxPause)
    // An abort ends the pause as well.
    if (time > 0) await pause(time, undefined, { signal }).catch(() => {})
  }
}
