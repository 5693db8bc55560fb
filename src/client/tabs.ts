import type { Tokens } from './tokens.ts'
import { release } from './wait.ts'

export type Message =
  /** @property started by a login, and not by a refresh */
  | { readonly tokens: Tokens; readonly started?: boolean }
  /** @property session the id of the session that has ended */
  | { readonly ended: string; readonly message: string; readonly session: string }
  /** A new tab asks the others what they know. It has stored tokens of this session, or none. */
  | { readonly hello: string }

/** The other tabs of the origin. Does nothing where there are none. */
export interface Tabs {
  /** Whether there may be other tabs that hear a message */
  readonly hasOthers: boolean
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

// The wait ends with the lock, so an abort after that does nothing.
function within(milliseconds: number): LockOptions {
  const controller = new AbortController()
  release(setTimeout(() => controller.abort(), milliseconds))
  return { signal: controller.signal }
}

/**
 * @param name undefined if there are no other tabs
 * @param lockTimeout milliseconds to wait for the lock
 * @param signal closes the channel
 */
export function createTabs(
  name: string | undefined,
  lockTimeout: number,
  signal: AbortSignal,
  onMessage: (message: Message) => void,
): Tabs {
  const { navigator, BroadcastChannel } = globalThis as {
    navigator?: { locks?: Locks }
    BroadcastChannel?: typeof globalThis.BroadcastChannel
  }
  const locks = name === undefined ? undefined : navigator?.locks
  const channel = name !== undefined && !signal.aborted && BroadcastChannel && new BroadcastChannel(name)
  if (channel) {
    signal.addEventListener('abort', () => channel.close())
    channel.onmessage = (event) => onMessage((event as { data: Message }).data)
    release(channel)
  }

  return {
    hasOthers: !!channel,
    async exclusive(work) {
      let done: Promise<void> | undefined
      const begin = () => (done = work())
      const hold = async (lock: string, options: LockOptions, work: () => Promise<void>) =>
        done ?? locks?.request(lock, options, work).catch(() => {})
      await hold(`${name}`, within(lockTimeout / 2), begin)
      // Tabs that gave up on the lock queue at a second one. The first of them waits again, because another tab may just
      // have got the lock. After that, the holder must be frozen, and the lock is taken away from it.
      await hold(`${name} 2`, within(2 * lockTimeout), async () => {
        await hold(`${name}`, within(lockTimeout / 2), begin)
        await hold(`${name}`, { steal: true }, begin)
      })
      return done ?? work()
    },
    tell(message) {
      // A closed channel would throw.
      if (channel && !signal.aborted) channel.postMessage(message)
    },
  }
}
