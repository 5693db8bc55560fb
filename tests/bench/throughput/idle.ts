import { setTimeout as pause } from 'node:timers/promises'
import type { Running } from './process.ts'
import type { Prepared } from './subject.ts'

// Milliseconds, and the microseconds in them that its own timers take
const MOMENT = 100
const BUSY = 10_000
// A minute, for those who are given up with a long queue.
const TRIES = 600

/** What nobody waits for any longer must not count for what comes next. One who waits for the disk is not idle either. */
export async function untilIdle({ processes, done }: Prepared): Promise<void> {
  const state = async () => ({ cpu: total(processes, (process) => process.cpu()) ?? 0, done: await done() })
  let quiet = 0
  let before = await state()
  for (let tries = 0; quiet < 2 && tries < TRIES; tries++) {
    await pause(MOMENT)
    const after = await state()
    quiet = after.cpu - before.cpu <= BUSY && after.done === before.done ? quiet + 1 : 0
    before = after
  }
}

export function total(processes: readonly Running[], read: (process: Running) => number | undefined) {
  const each = processes.map(read)
  return each.every((number) => number !== undefined) ? each.reduce((a, b) => a + b, 0) : undefined
}
