import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type SQLite from 'better-sqlite3'

// Pages of 4 KiB that a thread has to do.
const ENOUGH = 2000
// From here on the log is to begin anew, 32 MiB: one checkpoint after the other,
const LONG = 8000
// until so few are left to do that others can wait for it,
const REST = 500
// and at any rate here, 47 MiB.
const TOO_LONG = 12_000

/**
 * Checkpoints on a thread: the request whose commit fills the log would wait for one, and everybody with it. The log
 * begins anew only when all of it has been moved and nobody writes meanwhile, so now and then all have to wait for the
 * last pages of it, but not the event loop.
 */
export class Checkpoints {
  readonly #file: string
  readonly #size: SQLite.Statement<[], { log: number; checkpointed: number }>
  #worker: Worker | undefined
  #running: Promise<void> | undefined
  /** Then SQLite does it, when the log is longer still: `wal_autocheckpoint` */
  #hasFailed = false

  constructor(database: SQLite.Database) {
    this.#file = database.name
    this.#size = database.prepare('pragma wal_checkpoint(noop)')
  }

  /** @returns what nothing may be written before, if the log can begin anew */
  afterCommit(): Promise<void> | undefined {
    if (this.#running !== undefined || this.#hasFailed) return undefined
    const { log, checkpointed } = this.#size.get() ?? { log: 0, checkpointed: 0 }
    const left = log - checkpointed
    const mayRestart = (log >= LONG && left <= REST) || log >= TOO_LONG
    if (log < LONG && left < ENOUGH) return undefined
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
    return mayRestart ? this.#running : undefined
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
    const worker = this.#worker ?? this.#start()
    worker.ref()
    worker.postMessage('checkpoint')
    // Whatever becomes of it, nobody waits for ever.
    const over = new AbortController()
    const { signal } = over
    await Promise.race([once(worker, 'message', { signal }), once(worker, 'exit', { signal })]).catch(
      () => {},
    )
    over.abort()
    worker.unref()
  }

  // Only a service that is used comes so far.
  #start(): Worker {
    const script = new URL(`checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(script, { workerData: this.#file, execArgv: [], trackUnmanagedFds: false })
    worker.unref()
    worker.on('error', (error) => {
      this.#hasFailed = true
      process.emitWarning(`SQLite does its checkpoints itself: ${error}`)
    })
    worker.on('exit', () => {
      this.#worker = undefined
    })
    this.#worker = worker
    return worker
  }
}
