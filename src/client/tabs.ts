import type { Tokens } from './tokens.ts'

export type Message =
  | { readonly tokens: Tokens }
  | { readonly ended: string; readonly sequence: number }
  /** A new tab asks the others for their tokens. */
  | { readonly hello: true }

/** The other tabs of the origin. Does nothing where there are none. */
export interface Tabs {
  /**
   * Runs in one tab at a time. A tab that is frozen while it holds the lock blocks the others only until the time limit.
   * Without Web Locks several tabs may run, which the server's replay makes safe.
   */
  exclusive(work: () => Promise<void>): Promise<void>
  tell(message: Message): void
}

interface LockOptions {
  readonly signal?: AbortSignal
  /** Takes the lock away from its holder */
  readonly steal?: boolean
}

interface Locks {
  request(name: string, options: LockOptions, work: () => Promise<void>): Promise<void>
}

/** @param lockTimeout milliseconds to wait for the lock @param signal closes the channel */
export function createTabs(
  name: string,
  lockTimeout: number,
  signal: AbortSignal,
  onMessage: (message: Message) => void,
): Tabs {
  const { navigator: { locks } = {}, BroadcastChannel } = globalThis as {
    navigator?: { locks?: Locks }
    BroadcastChannel?: typeof globalThis.BroadcastChannel
  }
  const channel = !signal.aborted && BroadcastChannel && new BroadcastChannel(name)
  if (channel) {
    signal.addEventListener('abort', () => channel.close())
    channel.onmessage = (event) => onMessage((event as { data: Message }).data)
    // In Node an open channel would keep the process alive.
    ;(channel as { unref?: () => void }).unref?.()
  }

  return {
    async exclusive(work) {
      let done: Promise<void> | undefined
      const begin = () => (done = work())
      const hold = async (lock: string, options: LockOptions, work: () => Promise<void>) =>
        done ?? locks?.request(lock, options, work).catch(() => {})
      const within = (wait: number) => ({ signal: AbortSignal.timeout(wait) })
      await hold(name, within(lockTimeout / 2), begin)
      // Tabs that gave up on the lock queue at a second one. The first of them waits again, because another tab may just
      // have got the lock. After that, the holder must be frozen, and the lock is taken away from it.
      await hold(`${name} 2`, within(2 * lockTimeout), async () => {
        await hold(name, within(lockTimeout / 2), begin)
        await hold(name, { steal: true }, begin)
      })
      return done ?? work()
    },
    tell(message) {
      // A closed channel would throw.
      if (channel && !signal.aborted) channel.postMessage(message)
    },
  }
}
