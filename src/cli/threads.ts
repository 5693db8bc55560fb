import { readdir, readFile } from 'node:fs/promises'
import { constants, getPriority, setPriority } from 'node:os'

const TASKS = '/proc/self/task'

// More than the event loop's: a tenth of its share where both want the same core, and all of a core that is free.
const NICENESS = 10

/**
 * Gives the threads that hash passwords what the event loop leaves: or logins, which take a core for a while each,
 * would hold up refreshes. On Linux alone, which knows a priority of each thread.
 *
 * @returns how many threads there are
 */
export async function lowerThreads(): Promise<number> {
  try {
    // Reading by these functions starts them.
    const ids = await readdir(TASKS)
    const names = await Promise.all(ids.map((id) => readFile(`${TASKS}/${id}/comm`, 'utf8').catch(() => '')))
    const workers = ids.filter((_, index) => names[index]?.trim() === 'libuv-worker')
    const niceness = Math.min(getPriority() + NICENESS, constants.priority.PRIORITY_LOW)
    for (const id of workers) setPriority(Number(id), niceness)
    return workers.length
  } catch {
    // Then they are as they were.
    return 0
  }
}
