// Milliseconds: below this, more company is worth less than the time it takes to come.
const QUICK_COMMIT = 2
// A disk that hangs is no reason to hang as well.
const LONGEST_WAIT = 8

/**
 * Lets requests wait for each other at the door. What arrives in one turn of the event loop is worked on step by step
 * together: each step finds its code and data in the caches of the processor, and the statements end in one commit.
 *
 * Where the disk is slow, answers are few and large, and those who ask again come in two or three turns: the first would
 * leave the others behind for a whole commit. So they wait until as many have come as the last time.
 *
 * @param commitTime milliseconds that a commit takes now
 */
export function gatherer(commitTime: () => number): () => Promise<void> {
  let gathered: Promise<void> | undefined
  let come = 0
  let cameBefore = 0

  async function gather(): Promise<void> {
    const end = performance.now() + Math.min(commitTime() - QUICK_COMMIT, LONGEST_WAIT)
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
