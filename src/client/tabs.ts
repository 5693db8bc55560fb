import type { End } from './session-options.ts'
import type { Tokens } from './tokens.ts'
import { release, wakeIn } from './wait.ts'

export type Message =
  /** @property isLogin whether they are of a login, and not of a refresh */
  | { readonly tokens: Tokens; readonly isLogin?: boolean }
  /** @property session the id of the session that has ended */
  | { readonly ended: End; readonly session: string }
  /** A new tab asks the others what they know, before it uses the tokens that it has stored. */
  | { readonly hello: Tokens | undefined }

/** The other tabs of the origin. Does nothing where there are none. */
export interface Tabs {
  /**
   * Runs in one tab at a time. A tab that is frozen while it holds the lock blocks the others only until the time limit.
   * Without Web Locks several tabs may run, which the server's replay makes safe.
   */
  exclusive(work: () => Promise<void>): Promise<void>
  /** @returns whether there may be other tabs that hear it */
  tell(message: Message): boolean
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
function upTo(milliseconds: number): LockOptions {
  const controller = new AbortController()
  wakeIn(milliseconds, () => controller.abort())
  return controller
}

/**
 * @param name empty if there are no other tabs
 * @param lockTimeout milliseconds to wait for the lock
 * @param signal closes the channel
 */
export function createTabs(
  name: string,
  lockTimeout: number,
  signal: AbortSignal,
  onMessage: (message: Message) => void,
): Tabs {
  const { navigator, BroadcastChannel } = globalThis as {
    navigator?: { locks?: Locks }
    BroadcastChannel?: typeof globalThis.BroadcastChannel
  }
  const channel = name && !signal.aborted && BroadcastChannel && new BroadcastChannel(name)
  if (channel) {
    signal.addEventListener('abort', () => channel.close())
    channel.onmessage = (event) => onMessage((event as { data: Message }).data)
    release(channel)
  }

  return {
    async exclusive(work) {
      let done: Promise<void> | undefined
      const begin = () => (done = work())
      const hold = async (lock: string, options: LockOptions, work: () => Promise<void>) =>
        done ?? (name && navigator?.locks?.request(lock, options, work).catch(() => {}))
      await hold(name, upTo(lockTimeout / 2), begin)
      // Tabs that gave up on the lock queue at a second one. The first of them waits again, because another tab may just
      // have got the lock. After that, the holder must be frozen, and the lock is taken away from it.
      await hold(`${name} 2`, upTo(2 * lockTimeout), async () => {
        await hold(name, upTo(lockTimeout / 2), begin)
        await hold(name, { steal: true }, begin)
      })
      return done ?? work()
    },
    tell(message) {
      // A closed channel would throw.
      if (!channel || signal.aborted) return false
      channel.postMessage(message)
      return true
    },
  }
}
