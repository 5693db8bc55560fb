import type { Tally } from './figures.ts'

export interface RollingFigures {
  refreshes: number
  seconds: number
  /** Refreshes that took more than one attempt */
  retried: number
  /** Attempts by outcome */
  readonly tries: Tally
  /** Milliseconds of the slowest refresh, including its repetitions */
  slowest: number
}

export function reportRolling({ refreshes, seconds, retried, tries, slowest }: RollingFigures): string {
  return [
    `${refreshes} refreshes in ${seconds} s, ${retried} of them in more than one try, none failed`,
    `tries ${tries.total}: ${tries}`,
    `slowest, with its tries: ${Math.round(slowest)} ms`,
  ].join('\n')
}
