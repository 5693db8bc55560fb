/** What a bench has found, and how people read it. */
import type { Endurance } from './endurance.ts'
import { REST } from './endurance.ts'
import type { Machine } from './machine.ts'
import type { Figures } from './measure.ts'
import type { Row } from './rounds.ts'
import type { Verification } from './verification.ts'

export interface Report {
  /** ISO 8601 */
  readonly measuredAt: string
  readonly machine: Machine
  readonly rounds: number
  /** Of each phase */
  readonly seconds: number
  readonly connections: number
  readonly rows: readonly Row[]
  /** Milliseconds */
  readonly coldStart?: number | undefined
  readonly endurance?: Endurance | undefined
  readonly verifications?: readonly Verification[]
}

/** By the command that made it */
export interface Reports {
  readonly bench?: Report
  readonly peers?: Report
}

const MIB = 2 ** 20

const fixed = (digits: number) => (number: number) => number.toFixed(digits)
const short = (number: number) => fixed(number < 10 ? 2 : number < 100 ? 1 : 0)(number)
const grouped = (number: number) => Math.round(number).toLocaleString('en')

const COLUMNS: ReadonlyArray<readonly [string, keyof Figures, (number: number) => string]> = [
  ['per second', 'rate', grouped],
  ['of the floor', 'ratio', fixed(3)],
  ['p50', 'p50', short],
  ['p99', 'p99', short],
  ['CPU µs', 'cpu', grouped],
  ['fsyncs', 'syncs', fixed(3)],
  ['loop p99', 'loop', short],
  ['half: p50', 'halfP50', short],
  ['p99', 'halfP99', short],
  ['p99.9', 'halfP999', short],
  ['loop p99', 'halfLoop', short],
  ['MiB', 'memory', (bytes) => grouped(bytes / MIB)],
]

/** In Markdown, aligned for terminals as well. */
export function table(rows: readonly Row[]): string {
  const lines = [
    ['operation', 'database', ...COLUMNS.map(([head]) => head)],
    ...rows.map(({ operation, where, figures }) => {
      const cells = COLUMNS.map(([, figure, format]) => {
        const number = figures[figure]
        return number === undefined ? '–' : format(number)
      })
      return [operation, where, ...cells]
    }),
  ]
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const isText = (column: number) => column < 2
  const [head, ...body] = lines.map((line) => {
    const cells = line.map((cell, at) =>
      isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    )
    return `| ${cells.join(' | ')} |`
  })
  const rule = widths.map((width, at) => (isText(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [head, `| ${rule.join(' | ')} |`, ...body].join('\n')
}

/** What is no operation. */
export function notes(report: Report): string[] {
  const { coldStart, endurance, machine, measuredAt, rounds, seconds, verifications = [] } = report
  const said = []
  if (coldStart !== undefined) {
    said.push(`From \`node\` to ready, with a database that is there: ${grouped(coldStart)} ms.`)
  }
  if (endurance !== undefined) {
    const { rotations, early, late, most, rested } = endurance
    const mib = (bytes: number) => `${grouped(bytes / MIB)} MiB`
    said.push(
      `Memory after ${grouped(rotations / 10)} rotations: ${mib(early)}; after ${grouped(rotations)}: ${mib(late)}; at most ${mib(most)}; after a rest of ${REST / 1000} s: ${mib(rested)}.`,
    )
  }
  if (verifications.length > 0) {
    const each = verifications.map(
      ({ algorithm, token, primitive }) => `${algorithm} ${short(token)} (${short(primitive)})`,
    )
    said.push(
      `To verify an access token with a known key, in µs, and in brackets what \`node:crypto\` takes for its signature alone: ${each.join(', ')}.`,
    )
  }
  const facts = Object.entries(machine).map(([name, value]) => `${name}: ${value}`)
  const method = `medians of ${rounds} rounds of ${seconds} s`
  said.push(`Measured ${measuredAt.slice(0, 10)}, ${method}; ${facts.join('; ')}.`)
  return said
}
