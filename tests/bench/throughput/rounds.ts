/** The subjects in turns, and the medians over all rounds. */

import { withCleanup } from '../../support/cleanup.ts'
import type { Figures, Plan } from './measure.ts'
import { FIGURES, measure, warm } from './measure.ts'
import type { Subject } from './subject.ts'
import { syncsPerOperation } from './syncs.ts'

export interface Row {
  readonly operation: string
  readonly where: string
  /** Medians */
  readonly figures: Figures
  /** Of each round */
  readonly ratios: readonly number[]
}

export type Say = (line: string) => void

/** Of the numbers that there are. */
export function median(numbers: ReadonlyArray<number | undefined>): number | undefined {
  const sorted = numbers.filter((number) => number !== undefined).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]
  const [below, above] = [sorted[middle - 1], sorted[middle]]
  return below === undefined || above === undefined ? undefined : (below + above) / 2
}

/** @param floor what all are divided by */
export async function rounds(
  floor: Subject,
  others: readonly Subject[],
  plan: Plan,
  count: number,
  say: Say = () => {},
): Promise<Row[]> {
  const measured = new Map<Subject, Figures[]>([floor, ...others].map((subject) => [subject, []]))
  for (let round = 1; round <= count; round++) {
    await withCleanup(async (cleanup) => {
      const warmFloor = await warm(cleanup, floor, plan)
      for (const subject of others) {
        const { atFloor, result } = await measure(warmFloor, subject, plan)
        measured.get(floor)?.push(atFloor)
        measured.get(subject)?.push(result)
        const says = `${Math.round(result.rate)}/s, ${result.ratio.toFixed(3)} of the floor`
        say(`round ${round} of ${count}: ${subject.name}, ${subject.where}: ${says}`)
      }
    })
  }
  return [...measured].map(([subject, figures]) => rowOf(subject, figures))
}

function rowOf({ name, where }: Subject, figures: readonly Figures[]): Row {
  const medians = FIGURES.map((figure) => [figure, median(figures.map((round) => round[figure]))])
  const ratios = figures.map(({ ratio }) => ratio ?? Number.NaN)
  return { operation: name, where, figures: Object.fromEntries(medians), ratios }
}

/** Counted in a run of its own, since counting slows what it counts. */
export async function withSyncs(
  rows: readonly Row[],
  all: readonly Subject[],
  plan: Plan,
  say: Say,
): Promise<Row[]> {
  const counted = []
  for (const [index, row] of rows.entries()) {
    const subject = all[index]
    const syncs = subject && (await syncsPerOperation(subject, plan.sizes))
    say(`waits for the disk: ${row.operation}, ${row.where}: ${syncs?.toFixed(4) ?? 'unknown'}`)
    counted.push({ ...row, figures: { ...row.figures, syncs } })
  }
  return counted
}
