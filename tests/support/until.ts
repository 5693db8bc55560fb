import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds: a limit for what hangs, not for what is slow, on whatever machine. */
export const PATIENCE = 30_000

/**
 * Until something holds.
 *
 * @param what is missing, for the message
 * @throws when it does not come to hold
 */
export async function until(
  isTrue: () => unknown,
  what: string | (() => string) = String(isTrue),
  { every = 10, within = PATIENCE } = {},
): Promise<void> {
  const end = performance.now() + within
  while (!(await isTrue())) {
    if (performance.now() > end)
      throw new Error(`waited in vain: ${typeof what === 'string' ? what : what()}`)
    await pause(every)
  }
}
