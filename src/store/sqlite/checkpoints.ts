import { once } from 'node:events'
import { statfsSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type SQLite from 'better-sqlite3'

// Pages of 4 KiB
/** With this many pages to move, a checkpoint starts. */
const MIN_PAGES = 2000
/** From this length of the log (32 MiB), checkpoints follow each other without a pause, so that it can start again. */
const LONG_LOG = 8000
/** In a long log, writers wait for the checkpoint when at most this many pages are left to move. */
const FEW_PAGES = 500
/** From this length of the log (47 MiB), writers wait for the checkpoint, however many pages are left. */
const MAX_LOG = 12_000
/** Each time that this many more pages are to be moved, the room on the disk is looked at. */
const ROOM_PAGES = 50
const PAGE_SIZE = 4096

/**
 * Runs checkpoints on a thread. Otherwise the commit that fills the log, and all requests after it, would wait for one.
 * The log starts again only when all its pages have been moved and nothing was written meanwhile. So writers sometimes
 * have to wait for the last pages, but the event loop never does.
 */
export class Checkpoints {
  readonly #file: string
  readonly #size: SQLite.Statement<[], { log: number; checkpointed: number }>
  #worker: Worker | undefined
  #running: Promise<void> | undefined
  /** The pages that were to be moved when the room was last looked at */
  #leftAtLook = 0
  /** Whether the thread has failed. SQLite then checkpoints by itself, later: see `wal_autocheckpoint`. */
  #hasFailed = false

  constructor(database: SQLite.Database) {
    this.#file = database.name
    this.#size = database.prepare('pragma wal_checkpoint(noop)')
  }

  /** @returns a promise that writers must wait for, so that the log can start again */
  afterCommit(): Promise<void> | undefined {
    if (this.#hasFailed) return undefined
    const { log, checkpointed } = this.#size.get() ?? { log: 0, checkpointed: 0 }
    if (this.#running !== undefined) return log >= MAX_LOG ? this.#running : undefined
    const left = log - checkpointed
    const isTight = this.#isTight(left)
    const mustWait = isTight || (log >= LONG_LOG && left <= FEW_PAGES) || log >= MAX_LOG
    if (!isTight && log < LONG_LOG && left < MIN_PAGES) return undefined
    const running = this.#start()
    return mustWait ? running : undefined
  }

  /**
   * Called when the disk was full. If the log has filled it, moving its pages lets it start again.
   *
   * @returns a promise that writers must wait for
   */
  whenFull(): Promise<void> | undefined {
    return this.#running ?? (this.#hasFailed ? undefined : this.#start())
  }

  /** Whether the pages may not fit on the disk by the next look. A look is a system call, so not every commit makes one. */
  #isTight(left: number): boolean {
    // A checkpoint may have moved some.
    this.#leftAtLook = Math.min(this.#leftAtLook, left)
    if (left < this.#leftAtLook + ROOM_PAGES) return false
    this.#leftAtLook = left
    return this.#room() < 2 * (left + ROOM_PAGES)
  }

  /** The number of pages that fit on the disk. All pages of the log may be new to the database file, which then grows. */
  #room(): number {
    try {
      const { bavail, bsize } = statfsSync(this.#file)
      return (bavail * bsize) / PAGE_SIZE
    } catch {
      return Number.POSITIVE_INFINITY
    }
  }

  #start(): Promise<void> {
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async close(): Promise<void> {
    await this.#running
    const worker = this.#worker
    if (worker === undefined) return
    worker.ref()
    worker.postMessage('close')
    await once(worker, 'exit')
  }

  async #run(): Promise<void> {
    const worker = this.#worker ?? this.#startWorker()
    worker.ref()
    worker.postMessage('checkpoint')
    // Writers must not wait forever, so an exit or error of the thread ends the wait too.
    const done = new AbortController()
    const { signal } = done
    await Promise.race([once(worker, 'message', { signal }), once(worker, 'exit', { signal })]).catch(
      () => {},
    )
    done.abort()
    worker.unref()
  }

  // Started late, because a service with few writes never needs it.
  #startWorker(): Worker {
    const script = new URL(`checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(script, { workerData: this.#file, execArgv: [], trackUnmanagedFds: false })
    worker.unref()
    worker.on('error', (error: unknown) => {
      this.#hasFailed = true
      process.emitWarning(`SQLite does its checkpoints itself: ${String(error)}`)
    })
    worker.on('exit', () => {
      this.#worker = undefined
    })
    this.#worker = worker
    return worker
  }
}
