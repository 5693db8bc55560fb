import type { Tokens } from './tokens.ts'

export type Message =
  | { readonly tokens: Tokens }
  | { readonly ended: string; readonly sequence: number }
  /** A new tab asks for what the others have */
  | { readonly hello: true }

/** The other tabs of the origin, where there are any. */
export interface Tabs {
  /**
   * One tab at a time. A tab that was frozen with the lock does not block the others for longer than the time limit, and
   * then no more. Where there are no Web Locks, the server's replay keeps it safe.
   */
  exclusive(work: () => Promise<void>): Promise<void>
  tell(message: Message): void
}

interface LockOptions {
  readonly signal?: AbortSignal
  /** Takes the lock away from whoever has it */
  readonly steal?: boolean
}

interface Locks {
  request(name: string, options: LockOptions, work: () => Promise<void>): Promise<void>
}

/** @param patience milliseconds to wait for the lock @param signal ends telling and hearing */
export function createTabs(
  name: string,
  patience: number,
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
      await hold(name, within(patience / 2), begin)
      // All who gave up on the lock queue at a second one. The first of them waits as long again, as another tab may have
      // got the lock at last; then whoever has it sleeps, and loses it.
      await hold(`${name} 2`, within(2 * patience), async () => {
        await hold(name, within(patience / 2), begin)
        await hold(name, { steal: true }, begin)
      })
      return done ?? work()
    },
    tell(message) {
      // A channel that is closed throws.
      if (channel && !signal.aborted) channel.postMessage(message)
    },
  }
}
