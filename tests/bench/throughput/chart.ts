/** The ratios to the floor as bars. No rates: those of different runs say nothing beside each other. */
import type { Row } from './rounds.ts'

const WIDTH = 860
const LABEL = 380
const BAR = 300
const LINE = 26
const TOP = 34

const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .bar { fill: #2f6f9f } .floor { fill: #9aa4ae } .range { stroke: #1f2328 } .head { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .bar { fill: #58a6d6 } .floor { fill: #6e7781 } .range { stroke: #e6edf3 }
    }`

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function bar({ operation, where, figures, ratios }: Row, index: number, longest: number): string {
  const y = TOP + index * LINE
  const { ratio = 0 } = figures
  const x = (of: number) => (LABEL + (of / longest) * BAR).toFixed(1)
  const range = `M${x(Math.min(...ratios))} ${y + 9}H${x(Math.max(...ratios))}`
  const end = Number(x(Math.max(ratio, ...ratios))) + 8
  return `  <text x="${LABEL - 10}" y="${y + 13}" text-anchor="end">${escaped(`${operation} · ${where}`)}</text>
  <rect class="${operation === 'floor' ? 'floor' : 'bar'}" x="${LABEL}" y="${y}" width="${((ratio / longest) * BAR).toFixed(1)}" height="18"/>
  <path class="range" d="${range}"/>
  <text x="${end}" y="${y + 13}">${ratio.toFixed(3)}</text>`
}

/** @returns SVG: each bar a median, and a line from the worst round to the best */
export function chart(rows: readonly Row[]): string {
  const height = TOP + rows.length * LINE + 10
  const longest = Math.max(1, ...rows.flatMap(({ ratios }) => ratios))
  const bars = rows.map((row, index) => bar(row, index, longest))
  const title = 'Operations per second, divided by those of the floor'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
  <style>${STYLE}
  </style>
  <text class="head" x="10" y="20">${title}</text>
${bars.join('\n')}
</svg>
`
}
