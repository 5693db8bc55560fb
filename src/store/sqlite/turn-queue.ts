/** Milliseconds. Work does not wait longer for more, even if the disk hangs. */
const MAX_WAIT = 8

/**
 * Collects work until the end of the turn of the event loop. Clients that were answered together send their next requests
 * over several turns. So the queue waits until it is as long as the last time: as long as each turn brings more work, and
 * then no longer than a commit takes.
 */
export class TurnQueue<Work> {
  readonly #flush: (batch: readonly Work[]) => void
  readonly #waiting: Work[] = []
  #isScheduled = false
  #lastSize = 0
  /** Milliseconds of the last two commits. The shorter one counts, because the other may have been delayed by chance. */
  readonly #commitTimes = [0, 0]

  /** @param flush called with all work at the end of a turn */
  constructor(flush: (batch: readonly Work[]) => void) {
    this.#flush = flush
  }

  add(work: Work): void {
    this.#waiting.push(work)
  }

  /** @param time milliseconds that a commit took */
  recordCommit(time: number): void {
    this.#commitTimes.shift()
    this.#commitTimes.push(time)
  }

  /** Flushes the queue at the end of this turn or a later one, if there is work. */
  schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    const begun = performance.now()
    let size = 0
    const endOfTurn = () => {
      // As long as work arrives, the rest is on its way: doing part of it would leave the others behind for a whole commit.
      const isGrowing = this.#waiting.length > size
      size = this.#waiting.length
      const maxWait = isGrowing ? MAX_WAIT : Math.min(...this.#commitTimes, MAX_WAIT)
      if (size < this.#lastSize && performance.now() - begun < maxWait) setImmediate(endOfTurn)
      else this.#end()
    }
    setImmediate(endOfTurn)
  }

  #end(): void {
    this.#isScheduled = false
    const batch = this.#waiting.splice(0)
    this.#lastSize = batch.length
    this.#flush(batch)
  }
}
