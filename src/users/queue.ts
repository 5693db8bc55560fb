import pLimit from 'p-limit'

export interface QueueOptions {
  /** How many run at a time */
  readonly concurrency: number
  /** How many may wait */
  readonly length: number
  /** Milliseconds that one may have to wait, going by how long the last ones took */
  readonly patience: number
  /** Milliseconds, from any beginning */
  readonly now?: () => number
}

export interface Queue {
  /** How many wait */
  readonly waiting: number
  /** @returns undefined, at once, when it would have to wait too long */
  run<T>(task: () => Promise<T>): Promise<T> | undefined
}

// The share of the newest in the mean: what took long half a minute ago counts no more.
const NEWEST_SHARE = 0.1

/** Whoever would wait longer than their client does is told so at once, and takes nobody's time. */
export function createQueue({
  concurrency,
  length,
  patience,
  now = () => performance.now(),
}: QueueOptions): Queue {
  const limit = pLimit(concurrency)
  let mean = 0

  const timed = async <T>(task: () => Promise<T>): Promise<T> => {
    const begun = now()
    try {
      return await task()
    } finally {
      const taken = now() - begun
      mean += mean === 0 ? taken : NEWEST_SHARE * (taken - mean)
    }
  }
  return {
    get waiting() {
      return limit.pendingCount
    },
    run(task) {
      const ahead = limit.pendingCount
      // Where nobody waits one always may: a few slow ones must not keep everybody out.
      const wait = (ahead / concurrency) * mean
      return ahead >= length || wait > patience ? undefined : limit(() => timed(task))
    },
  }
}
