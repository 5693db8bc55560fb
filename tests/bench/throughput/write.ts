/** Where results are kept: the figures, a chart, and a section of `docs/performance.md`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { chart } from './chart.ts'
import type { Report, Reports } from './report.ts'
import { notes, table } from './report.ts'

const at = (path: string) => new URL(`../../../${path}`, import.meta.url)
const FIGURES = at('docs/performance.json')
const CHART = at('docs/performance.svg')
const PAGE = at('docs/performance.md')
const SECTION = /(<!-- performance -->\n).*?(<!-- \/performance -->)/s

// No digits that another run would not find again.
const rounded = (_: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value

/** Replaces what the same command found before, and leaves what the other did. */
export function write(name: keyof Reports, report: Report): void {
  const before: Reports = existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : {}
  const reports = { ...before, [name]: report }
  writeFileSync(FIGURES, `${JSON.stringify(reports, rounded, 2)}\n`)
  const rows = [...(reports.bench?.rows ?? []), ...othersOf(reports)]
  writeFileSync(CHART, chart(rows))
  const page = readFileSync(PAGE, 'utf8')
  if (!SECTION.test(page)) throw new Error('docs/performance.md has no place for the figures')
  writeFileSync(
    PAGE,
    page.replace(SECTION, (_, begin, end) => `${begin}${section(reports)}${end}`),
  )
}

// Ours and the floor stand above, from more rounds.
const othersOf = ({ bench, peers }: Reports) =>
  (peers?.rows ?? []).filter(
    ({ operation, where }) => !bench?.rows.some((row) => row.operation === operation && row.where === where),
  )

function section({ bench, peers }: Reports): string {
  const parts = ['![Operations per second, divided by those of the floor](performance.svg)']
  if (bench !== undefined) parts.push(table(bench.rows), ...notes(bench))
  if (peers !== undefined) {
    const others =
      'Other programs, installed separately, measured in another run. Compare only the ratios, and only if both runs used the same method: see the commits.'
    parts.push(others, table(peers.rows), ...notes(peers))
  }
  return `\n${parts.join('\n\n')}\n\n`
}
