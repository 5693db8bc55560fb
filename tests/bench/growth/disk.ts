/** What the disk does by itself: a thread that writes to a file of its own, again and again, and says how long it took. */
import { once } from 'node:events'
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

// Milliseconds between two writes
const INTERVAL = 5
const PAGES = 8192
const page = Buffer.alloc(4096, 1)

async function watch(file: string): Promise<void> {
  const descriptor = openSync(file, 'w')
  // The file does not grow while it is watched: only data is to be waited for.
  for (let index = 0; index < PAGES; index++) writeSync(descriptor, page)
  fsyncSync(descriptor)
  const taken: number[] = []
  let isOver = false
  parentPort?.once('message', () => {
    isOver = true
  })
  for (let index = 0; !isOver; index++) {
    writeSync(descriptor, page, 0, page.length, (index % PAGES) * page.length)
    const begun = performance.now()
    fdatasyncSync(descriptor)
    taken.push(performance.now() - begun)
    await wait(INTERVAL)
  }
  closeSync(descriptor)
  rmSync(file)
  parentPort?.postMessage(taken)
}

/**
 * @param file in the directory that is to be watched; it is made, and taken away again
 * @returns ends it, and gives the milliseconds of each write
 */
export function watchDisk(file: string): () => Promise<number[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: file, execArgv: [] })
  return async () => {
    worker.postMessage('over')
    const [taken] = await once(worker, 'message')
    return taken
  }
}

if (!isMainThread) await watch(workerData)
