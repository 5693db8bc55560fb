// Milliseconds. A disk that hangs is no reason to hang as well.
const LONGEST_WAIT = 8

/**
 * Lets requests wait for each other at the door. What arrives in one turn of the event loop is worked on step by step
 * together: each step finds its code and data in the caches of the processor, and the statements end in one commit.
 *
 * Those who have been answered together and ask again come in several turns: the first would leave the others behind for
 * a whole commit. So they wait until as many have come as the last time, but no longer than a commit takes.
 *
 * @param commitTime milliseconds that a commit takes now; 0 where none is shared
 */
export function gatherer(commitTime: () => number): () => Promise<void> {
  let gathered: Promise<void> | undefined
  let come = 0
  let cameBefore = 0

  async function gather(): Promise<void> {
    const end = performance.now() + Math.min(commitTime(), LONGEST_WAIT)
    do await nextTurn()
    while (come < cameBefore && performance.now() < end)
    gathered = undefined
    cameBefore = come
    come = 0
  }

  return () => {
    come++
    gathered ??= gather()
    return gathered
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
