import type { Tokens } from './tokens.ts'

export type Message =
  | { readonly tokens: Tokens }
  | { readonly ended: string; readonly sequence: number }
  /** A new tab asks for what the others have */
  | { readonly hello: true }

/** The other tabs of the origin, where there are any. */
export interface Tabs {
  /**
   * One tab at a time. A tab that was frozen with the lock does not block the others for longer than the time limit.
   * Where there are no Web Locks, the server's replay keeps it safe.
   */
  exclusive(work: () => Promise<void>): Promise<void>
  tell(message: Message): void
}

interface Locks {
  request(name: string, options: { signal: AbortSignal }, work: () => Promise<void>): Promise<void>
}

/** @param patience milliseconds to wait for a lock @param signal ends telling and hearing */
export function createTabs(
  name: string,
  patience: number,
  signal: AbortSignal,
  hear: (message: Message) => void,
): Tabs {
  const { navigator: { locks } = {}, BroadcastChannel } = globalThis as {
    navigator?: { locks?: Locks }
    BroadcastChannel?: typeof globalThis.BroadcastChannel
  }
  const channel = !signal.aborted && BroadcastChannel && new BroadcastChannel(name)
  if (channel) {
    signal.addEventListener('abort', () => channel.close())
    channel.onmessage = (event) => hear((event as { data: Message }).data)
    // In Node an open channel would keep the process alive.
    ;(channel as { unref?: () => void }).unref?.()
  }

  return {
    async exclusive(work) {
      let begun = false
      const begin = () => {
        begun = true
        return work()
      }
      // The second lock is for all who gave up on the first: else they would begin together.
      for (const lock of locks ? [name, `${name} 2`] : []) {
        try {
          return await locks?.request(lock, { signal: AbortSignal.timeout(patience) }, begin)
        } catch (error) {
          if (begun) throw error
        }
      }
      return work()
    },
    tell(message) {
      // A channel that is closed throws.
      if (channel && !signal.aborted) channel.postMessage(message)
    },
  }
}
