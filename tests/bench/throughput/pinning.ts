/** Which core works on what. Where there is no taskset, the system decides. */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'

// Not those that this process may run on, which pinning changes.
const CORES = cpus().length
const canPin = CORES > 1 && spawnSync('taskset', ['-V']).status === 0

/** The core of the load, of PostgreSQL, and of this program. */
const LOAD = 1

let pinned = false

/** Moves this process and all it starts from now on away from the service's core. @returns what to say about it */
export function pin(): string {
  if (!canPin) return 'taskset is missing, or there is one core only: nothing is pinned'
  pinned = spawnSync('taskset', ['-a', '-c', '-p', String(LOAD), String(process.pid)]).status === 0
  if (!pinned) return 'taskset failed: nothing is pinned'
  const second = coreOf(1) === 0 ? 'two processes share it' : `a second process on core ${coreOf(1)}`
  return `the service on core 0, ${second}; load and database on core ${LOAD}`
}

/** Of several processes, each has a core as long as there are any. */
function coreOf(index: number): number {
  if (index === 0) return 0
  const core = LOAD + index
  return core < CORES ? core : 0
}

/** @returns what a command line of a service begins with */
export const pinning = (index: number): string[] => (pinned ? ['taskset', '-c', String(coreOf(index))] : [])
