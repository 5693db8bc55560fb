/** One measurement of one subject: as much as it can, and then half of that. */
import type { Sizes } from './fill.ts'
import { total, untilIdle } from './idle.ts'
import type { Generator } from './load.ts'
import { CONNECTIONS, pace, saturate } from './load.ts'
import type { Running } from './process.ts'
import type { Prepared, Subject } from './subject.ts'
import { withCleanup } from './subject.ts'

/** Rates per second, latencies and delays of the event loop in milliseconds, CPU in microseconds, memory in bytes. */
export const FIGURES = [
  'rate',
  'ratio',
  'p50',
  'p99',
  'cpu',
  'syncs',
  'loop',
  'halfP50',
  'halfP99',
  'halfP999',
  'halfLoop',
  'memory',
] as const
export type Figures = { readonly [Figure in (typeof FIGURES)[number]]?: number | undefined }

export interface Plan {
  readonly sizes: Sizes
  /** Of each phase; 0: no warm-up */
  readonly seconds: number
  readonly warmUp: number
  readonly generator: Generator
  /** Milliseconds */
  readonly syncDelay?: number | undefined
}

/** @throws when a request was refused, or did not do what it was answered to have done */
export function measure(subject: Subject, plan: Plan): Promise<Figures & { readonly rate: number }> {
  return withCleanup(async (cleanup) => {
    const prepared = await subject.prepare(cleanup, { ...plan, isTraced: false })
    const { processes, files } = prepared
    const target = { ports: processes.map(({ port }) => port), operation: subject.operation }
    if (plan.warmUp > 0) await saturate({ ...target, file: files.warmUp }, plan.warmUp, plan.generator)
    await untilIdle(prepared)

    await loopDelay(processes)
    const cpu = total(processes, (process) => process.cpu())
    const full = await checked(subject, prepared, CONNECTIONS, () =>
      saturate({ ...target, file: files.saturated }, plan.seconds, plan.generator),
    )
    const loop = await loopDelay(processes)
    const worked = total(processes, (process) => process.cpu())
    const rate = full.requests / full.duration

    const count = Math.max(1, Math.round((rate / 2) * plan.seconds))
    const half = await checked(subject, prepared, 0, () =>
      pace({ ...target, file: files.paced }, rate / 2, count),
    )
    return {
      rate,
      p50: full.p50,
      p99: full.p99,
      cpu: cpu === undefined || worked === undefined ? undefined : (worked - cpu) / full.requests,
      loop,
      halfP50: half.p50,
      halfP99: half.p99,
      halfP999: half.p999,
      halfLoop: await loopDelay(processes),
      memory: total(processes, (process) => process.memory()),
    }
  })
}

/** @param unanswered how many requests may have been given up when time was over */
async function checked<L extends { readonly requests: number }>(
  subject: Subject,
  prepared: Prepared,
  unanswered: number,
  load: () => Promise<L>,
): Promise<L> {
  const before = await prepared.done()
  const result = await load()
  await untilIdle(prepared)
  const after = await prepared.done()
  if (before === undefined || after === undefined) return result
  const [carriedOut, { requests }] = [after - before, result]
  if (carriedOut < requests || carriedOut > requests + unanswered) {
    throw new Error(`${subject.name}: ${requests} were answered, and ${carriedOut} carried out`)
  }
  return result
}

/** Of the process that was held up longest */
async function loopDelay(processes: readonly Running[]): Promise<number> {
  const delays = await Promise.all(processes.map((process) => process.delay()))
  return Math.max(...delays.map(({ p99 }) => p99))
}
