/** A network between a verifier and the service that a test cuts: nothing gets through, and nothing is refused. */
import { setTimeout as pause } from 'node:timers/promises'

export function network() {
  let isCut = false
  let delay = 0
  const cutOff = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const through: typeof fetch = async (url, init) => {
    const signal = init?.signal ?? new AbortController().signal
    if (isCut) return cutOff(signal)
    const response = await fetch(url, init)
    if (delay > 0) await pause(delay)
    return isCut ? cutOff(signal) : response
  }
  return {
    fetch: through,
    cut: () => {
      isCut = true
    },
    heal: () => {
      isCut = false
      delay = 0
    },
    /** @param time milliseconds that an answer is on its way */
    slow: (time: number) => {
      delay = time
    },
  }
}
