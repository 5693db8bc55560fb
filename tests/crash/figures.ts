/** Counts by name. Unknown names begin at 0. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  toString(): string {
    const counts = [...this.#counts].sort().map(([name, count]) => `${name} ${count}`)
    return counts.join(', ') || 'none'
  }
}

export const newFigures = () => ({
  kills: new Tally(),
  acknowledged: new Tally(),
  /** Operations in flight at a kill, and whether they were found in the database */
  unknown: new Tally(),
  /** Unknown outcomes that a retry settled */
  recovered: new Tally(),
  /** What the operator did with keys */
  keys: new Tally(),
  /** Ended sessions that had all of their tokens refused */
  refused: 0,
  /** Milliseconds until the service was ready, after its own start and after the database's */
  ready: { service: [] as number[], database: [] as number[] },
})

export type Figures = ReturnType<typeof newFigures>

export function report(figures: Figures): string {
  const { kills, acknowledged, unknown, recovered, keys, refused, ready } = figures
  return [
    `kills ${kills.total}: ${kills}`,
    `acknowledged: ${acknowledged}`,
    `unknown outcomes ${unknown.total}: ${unknown}`,
    `settled by one retry: ${recovered}`,
    `keys: ${keys}`,
    `checks that an ended session is refused: ${refused}`,
    `ready: started anew ${spread(ready.service)}; the database started anew ${spread(ready.database)}`,
  ].join('\n')
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b).map(Math.round)
  if (sorted.length === 0) return 'never'
  return `median ${sorted[sorted.length >> 1]} ms, slowest ${sorted.at(-1)} ms`
}
