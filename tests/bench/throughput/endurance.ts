/** What a service has in memory after many rotations: what it keeps of each would show. */
import { setTimeout as pause } from 'node:timers/promises'
import { withCleanup } from '../../support/cleanup.ts'
import { pace, saturate } from './load.ts'
import type { Plan } from './measure.ts'
import type { Subject } from './subject.ts'

export interface Endurance {
  readonly rotations: number
  /** Bytes: after a tenth of them, after all, the most in between, and after a rest */
  readonly early: number
  readonly late: number
  readonly most: number
  readonly rested: number
}

const INTERVAL = 500
/** Milliseconds in which Node gives back what it does not need */
export const REST = 120_000

/** @param refresh one process, whose rotations are paced at half of what it can */
export function endure(refresh: Subject, rotations: number, plan: Plan): Promise<Endurance> {
  return withCleanup(async (cleanup) => {
    const { processes, files } = await refresh.prepare(cleanup, { sizes: plan.sizes, isTraced: false })
    const target = { ports: processes.map(({ port }) => port), operation: refresh.operation }
    const { requests, duration } = await saturate({ ...target, file: files.warmUp }, 3)
    const memory: number[] = []
    const sample = () => memory.push(processes[0]?.memory() ?? Number.NaN)
    const timer = setInterval(sample, INTERVAL)
    cleanup.after(() => clearInterval(timer))
    await pace({ ...target, file: files.paced }, requests / duration / 2, rotations)
    sample()
    clearInterval(timer)
    await pause(REST)
    const at = (index: number) => memory.at(index) ?? Number.NaN
    return {
      rotations,
      early: at(Math.floor(memory.length / 10)),
      late: at(-1),
      most: Math.max(...memory),
      rested: processes[0]?.memory() ?? Number.NaN,
    }
  })
}
