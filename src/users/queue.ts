import { Lanes } from './lanes.ts'

export interface QueueOptions {
  /** The number of tasks that run at a time */
  readonly concurrency: number
  /** The number of tasks that may wait */
  readonly length: number
  /** The longest expected wait, in milliseconds */
  readonly maxWait: number
  /** Milliseconds that each waiting task adds to the wait of the next one */
  readonly cost: () => number
  /** Milliseconds of a monotonic clock */
  readonly now?: () => number
}

export interface Queue {
  /** The number of tasks that wait */
  readonly waiting: number
  /**
   * Runs a task when it is its turn.
   *
   * @param path the lanes of the task, from the widest to the narrowest. Lanes are served in turn.
   * @returns undefined, and the task never runs, when it would wait too long or has to give way to shorter lanes
   */
  run<T extends object>(path: readonly string[], task: () => Promise<T>): Promise<T | undefined>
}

interface Waiting {
  readonly since: number
  start(): void
  refuse(): void
}

/**
 * Creates a queue that refuses tasks, instead of running them after their client has given up. No lane can keep another
 * one out: if the queue is full, the longest lane gives its newest task up.
 */
export function createQueue({
  concurrency,
  length,
  maxWait,
  cost,
  now = () => performance.now(),
}: QueueOptions): Queue {
  const lanes = new Lanes<Waiting>()
  let running = 0

  function next(): void {
    running--
    let task = lanes.take()
    // Later lanes can overtake a task, so it may wait longer than was expected. Its client has probably given up.
    while (task !== undefined && now() - task.since > 2 * maxWait && lanes.size > 0) {
      task.refuse()
      task = lanes.take()
    }
    task?.start()
  }
  const runNow = async <T>(task: () => Promise<T>): Promise<T> => {
    running++
    try {
      return await task()
    } finally {
      next()
    }
  }
  function hasRoom(path: readonly string[]): boolean {
    const ahead = lanes.ahead(path)
    // An empty queue always accepts a task: a high cost must not shut out all others.
    if (ahead > 0 && ahead * cost() > maxWait) return false
    if (lanes.size < length) return true
    const newest = lanes.giveWay(path)
    newest?.refuse()
    return newest !== undefined
  }
  return {
    get waiting() {
      return lanes.size
    },
    async run(path, task) {
      if (running < concurrency) return runNow(task)
      if (!hasRoom(path)) return undefined
      return new Promise((resolve, reject) => {
        lanes.add(path, {
          since: now(),
          start: () => runNow(task).then(resolve, reject),
          refuse: () => resolve(undefined),
        })
      })
    },
  }
}
