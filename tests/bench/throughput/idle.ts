import { setTimeout as pause } from 'node:timers/promises'
import type { Running } from './process.ts'

// Milliseconds, and the microseconds in them that its own timers take
const MOMENT = 100
const BUSY = 20_000

/** What nobody waits for any longer must not count for what comes next. */
export async function untilIdle(processes: readonly Running[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const before = total(processes, (process) => process.cpu())
    await pause(MOMENT)
    const after = total(processes, (process) => process.cpu())
    if (before === undefined || after === undefined || after - before < BUSY) return
  }
}

export function total(processes: readonly Running[], read: (process: Running) => number | undefined) {
  const each = processes.map(read)
  return each.every((number) => number !== undefined) ? each.reduce((a, b) => a + b, 0) : undefined
}
