/** One measurement of one subject beside the floor: as much as it can, and then half of that. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Cleanup } from '../../support/cleanup.ts'
import { withCleanup } from '../../support/cleanup.ts'
import type { Sizes } from './fill.ts'
import { total, untilIdle } from './idle.ts'
import type { Generator, Target } from './load.ts'
import { CONNECTIONS, pace, saturate } from './load.ts'
import type { Running } from './process.ts'
import type { Prepared, Subject } from './subject.ts'

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

// Seconds
const PACER_WARM_UP = 2
// Right before it is measured: when the first connections end, V8 throws away what it had compiled of streams.
const AGAIN = 2

export interface Plan {
  readonly sizes: Sizes
  /** Of each phase; 0: no warm-up */
  readonly seconds: number
  readonly warmUp: number
  readonly generator: Generator
  /** Milliseconds */
  readonly syncDelay?: number | undefined
}

/** What is under load already */
export interface Warm {
  readonly subject: Subject
  readonly prepared: Prepared
  readonly target: Omit<Target, 'file'>
  /** Tokens for {@link AGAIN}, each time that it is measured */
  readonly again: string
}

type Full = Figures & { readonly rate: number }

/**
 * A machine that others use is faster now and slower then: what is divided was measured right before and right after.
 *
 * @throws when a request was refused, or did not do what it was answered to have done
 */
export function measure(
  floor: Warm,
  subject: Subject,
  plan: Plan,
): Promise<{ readonly atFloor: Full; readonly result: Full & { readonly ratio: number } }> {
  return withCleanup(async (cleanup) => {
    const measured = await warm(cleanup, subject, plan)
    const before = await full(floor, plan)
    const result = await full(measured, plan)
    const after = await full(floor, plan)
    const rate = (before.rate + after.rate) / 2
    return {
      atFloor: { ...(await half(floor, after, plan)), ...after, rate, ratio: 1 },
      result: { ...(await half(measured, result, plan)), ...result, ratio: result.rate / rate },
    }
  })
}

/** Started, and under load until V8 has compiled what it sees often. */
export async function warm(cleanup: Cleanup, subject: Subject, plan: Plan): Promise<Warm> {
  const prepared = await subject.prepare(cleanup, { ...plan, isTraced: false })
  const target = { ports: prepared.processes.map(({ port }) => port), operation: subject.operation }
  const [first, again] = halves(prepared.files.warmUp)
  const warmed = { subject, prepared, target, again }
  await uncounted(warmed, plan, first, plan.warmUp)
  return warmed
}

/** A load with connections of its own. */
async function uncounted(
  { prepared, target }: Warm,
  plan: Plan,
  file: string,
  seconds: number,
): Promise<void> {
  if (plan.warmUp > 0) await saturate({ ...target, file }, seconds, plan.generator)
  await untilIdle(prepared)
  // What others have written would be waited for with the first fsyncs.
  spawnSync('sync')
}

/** Its lines in two files */
function halves(file: string): [string, string] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const middle = Math.ceil(lines.length / 2)
  const [first, again] = [`${file}-first`, `${file}-again`] as const
  writeFileSync(first, `${lines.slice(0, middle).join('\n')}\n`)
  writeFileSync(again, `${lines.slice(middle).join('\n')}\n`)
  return [first, again]
}

async function full(warmed: Warm, plan: Plan): Promise<Full> {
  const { subject, prepared, target, again } = warmed
  await uncounted(warmed, plan, again, AGAIN)
  const { processes, files } = prepared
  await loopDelay(processes)
  const cpu = total(processes, (process) => process.cpu())
  const result = await checked(subject, prepared, CONNECTIONS, () =>
    saturate({ ...target, file: files.saturated }, plan.seconds, plan.generator),
  )
  const loop = await loopDelay(processes)
  const worked = total(processes, (process) => process.cpu())
  return {
    rate: result.requests / result.duration,
    p50: result.p50,
    p99: result.p99,
    cpu: cpu === undefined || worked === undefined ? undefined : (worked - cpu) / result.requests,
    loop,
  }
}

async function half({ subject, prepared, target }: Warm, { rate }: Full, plan: Plan): Promise<Figures> {
  const { processes, files } = prepared
  const count = Math.max(1, Math.round((rate / 2) * plan.seconds))
  const first = Math.round((rate / 2) * PACER_WARM_UP)
  await loopDelay(processes)
  const load = await checked(subject, prepared, 0, () =>
    pace({ ...target, file: files.paced }, rate / 2, first + count, first),
  )
  return {
    halfP50: load.p50,
    halfP99: load.p99,
    halfP999: load.p999,
    halfLoop: await loopDelay(processes),
    memory: total(processes, (process) => process.memory()),
  }
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
