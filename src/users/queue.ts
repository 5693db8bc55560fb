import pLimit from 'p-limit'

export interface QueueOptions {
  /** The number of tasks that run at a time */
  readonly concurrency: number
  /** The number of tasks that may wait */
  readonly length: number
  /** The longest expected wait, in milliseconds. It is estimated from the duration of the last tasks. */
  readonly maxWait: number
  /** Milliseconds of a monotonic clock */
  readonly now?: () => number
}

export interface Queue {
  /** The number of tasks that wait */
  readonly waiting: number
  /** @returns undefined, at once, when the task would wait too long */
  run<T>(task: () => Promise<T>): Promise<T> | undefined
}

// The weight of the newest task in the moving average
const NEWEST_SHARE = 0.1

/** Creates a queue that refuses tasks at once, instead of running them after their client has given up. */
export function createQueue({
  concurrency,
  length,
  maxWait,
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
      // An empty queue always accepts a task: a slow average must not shut out all others.
      const wait = (ahead / concurrency) * mean
      return ahead >= length || wait > maxWait ? undefined : limit(() => timed(task))
    },
  }
}
