import { readdir, readFile } from 'node:fs/promises'
import { constants, getPriority, setPriority } from 'node:os'

const TASKS = '/proc/self/task'

// Added to the niceness of the event loop. On a shared core these threads get a tenth of the event loop's time, on a
// free core all of it.
const NICENESS = 10

/**
 * Lowers the priority of the threads that hash passwords, so that logins do not delay refreshes. Works only on Linux,
 * where each thread has its own priority.
 *
 * @returns the number of these threads
 */
export async function lowerThreads(): Promise<number> {
  try {
    // These functions also start the threads.
    const ids = await readdir(TASKS)
    const names = await Promise.all(ids.map((id) => readFile(`${TASKS}/${id}/comm`, 'utf8').catch(() => '')))
    const workers = ids.filter((_, index) => names[index]?.trim() === 'libuv-worker')
    const niceness = Math.min(getPriority() + NICENESS, constants.priority.PRIORITY_LOW)
    for (const id of workers) setPriority(Number(id), niceness)
    return workers.length
  } catch {
    // The priorities stay as they were.
    return 0
  }
}
