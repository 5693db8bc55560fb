/** Follows the head of the feed while somebody waits for it to move. */

// Milliseconds between two looks for what other processes have ended. LISTEN would need a connection of its own, which
// PgBouncer in transaction mode cannot give, and NOTIFY a lock that all commits share.
const INTERVAL = 50

// Milliseconds that each follower adds to the pause after all were answered. Its answer and its next request take a part of
// that, so that any number of followers takes a fixed share of a core: see `npm run bench:verify`.
const PAUSE_PER_FOLLOWER = 0.5

/** How long a follower waits */
export interface Wait {
  /** Of `performance.now()` */
  readonly deadline: number
  /** Aborted when the follower has gone */
  readonly left?: AbortSignal | undefined
}

export interface Followers {
  /** @returns the head as it was at a time of `performance.now()`, or later. @throws the error of `look` */
  headSince(time: number): Promise<string>
  /** Waits until the head is another one than `head`, or the wait is over. @throws the error of `look` */
  moved(head: string, wait: Wait): Promise<string>
  /** Waits until all followers may be answered again: for those who come back when they were answered a moment ago. */
  turn(wait: Wait): Promise<void>
  wake(): void
  close(): void
  /** The number of followers that wait */
  readonly waiting: number
}

/**
 * @param look reads the head
 * @param onMove is called when the head has moved, before the followers know
 */
export function createFollowers(look: () => Promise<string>, onMove: () => void): Followers {
  const room = createWaitingRoom()
  let head = ''
  // When the last look that succeeded began
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  let isWakened = false
  let timer: NodeJS.Timeout | undefined

  async function lookNow(): Promise<void> {
    const begun = performance.now()
    const seen = await look()
    lookedAt = begun
    if (seen === head) return
    head = seen
    onMove()
    room.release()
  }

  async function headSince(time: number): Promise<string> {
    while (lookedAt < time) {
      looking ??= lookNow().finally(() => {
        looking = undefined
      })
      await looking
    }
    return head
  }

  /** Looks at once when something has ended in this process, and from time to time while somebody waits. */
  function schedule(): void {
    clearTimeout(timer)
    if (room.size === 0 || room.isClosed) return
    timer = setTimeout(
      () => {
        isWakened = false
        // A failure is told to those whose wait is over.
        headSince(performance.now())
          .catch(() => {})
          .finally(schedule)
      },
      isWakened ? 0 : INTERVAL,
    )
    timer.unref()
  }

  const enter = (wait: Wait) => {
    const over = room.enter(wait)
    if (room.size === 1) schedule()
    return over
  }

  return {
    headSince,
    async moved(before, wait) {
      const begun = performance.now()
      if (head === before) await enter(wait)
      return room.isClosed || wait.left?.aborted === true ? head : headSince(begun)
    },
    async turn(wait) {
      if (!room.isQuiet) return
      room.release()
      await enter(wait)
    },
    wake() {
      isWakened = true
      schedule()
    },
    close() {
      clearTimeout(timer)
      room.close()
    },
    get waiting() {
      return room.size
    },
  }
}

/** Those who wait are released together, and not again before a pause that grows with their number. */
function createWaitingRoom() {
  const waiting = new Set<() => void>()
  let quietUntil = 0
  let releasing: NodeJS.Timeout | undefined
  let isClosed = false
  const isQuiet = () => performance.now() < quietUntil && !isClosed

  function release(): void {
    clearTimeout(releasing)
    const now = performance.now()
    if (isQuiet()) {
      releasing = setTimeout(release, quietUntil - now).unref()
      return
    }
    quietUntil = now + PAUSE_PER_FOLLOWER * waiting.size
    for (const leave of [...waiting]) leave()
  }

  return {
    release,
    get size() {
      return waiting.size
    },
    get isQuiet() {
      return isQuiet()
    },
    get isClosed() {
      return isClosed
    },
    enter: ({ deadline, left }: Wait) =>
      new Promise<void>((resolve) => {
        if (isClosed || left?.aborted === true) return resolve()
        const leave = () => {
          waiting.delete(leave)
          clearTimeout(end)
          left?.removeEventListener('abort', leave)
          resolve()
        }
        const end = setTimeout(leave, Math.max(0, deadline - performance.now()))
        left?.addEventListener('abort', leave)
        waiting.add(leave)
      }),
    close() {
      isClosed = true
      release()
    },
  }
}
