/** Forms for people. Programs that read the output get ids, ISO 8601 and user agents as they are. */
import { printable } from './output.ts'

/** Whether a person reads the output */
export const isTerminal = (): boolean => process.stdout.isTTY === true

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const pad = (number: number) => String(number).padStart(2, '0')
const DAY = 86_400_000

/** `Nov 30 08:12` in local time; `2025-11-30` for what is more than about half a year away. */
export function localTime(time: number, now = Date.now()): string {
  const date = new Date(time)
  const [month, day] = [date.getMonth(), pad(date.getDate())]
  if (Math.abs(now - time) > 180 * DAY) return `${date.getFullYear()}-${pad(month + 1)}-${day}`
  return `${MONTHS[month]} ${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`
}

// The first that fits. Most browsers also name those that they descend from.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?(iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
]
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bWindows\b/, 'Windows'],
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** `Chrome on Windows`. What is not a browser is shown as it is. */
export function deviceName(userAgent: string): string {
  const find = (names: typeof BROWSERS) => names.find(([pattern]) => pattern.test(userAgent))?.[1]
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)]
  return browser === undefined ? userAgent : `${browser}${system === undefined ? '' : ` on ${system}`}`
}

const SEGMENTS = new Intl.Segmenter()
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

const clusters = (text: string) => [...SEGMENTS.segment(text)].map(({ segment }) => segment)
const columnsOf = (cluster: string) => (WIDE.test(cluster) ? 2 : 1)

/** The number of terminal columns that a text takes */
export function widthOf(text: string): number {
  // Segmenting takes a hundred times as long, and most texts are ASCII.
  if (/^[ -~]*$/.test(text)) return text.length
  return clusters(text).reduce((sum, cluster) => sum + columnsOf(cluster), 0)
}

/** Cuts a text that does not fit into `width` columns. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let cut = ''
  let used = 0
  for (const cluster of clusters(text)) {
    used += columnsOf(cluster)
    if (used > width - 1) break
    cut += cluster
  }
  return `${cut}…`
}

/** A column of a table on a terminal */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  /** Where there is no room for all columns, those with the highest numbers are left out. */
  readonly rank: number
}

const GAP = 2

/** Chooses the columns that fit into a line. The last of them is cut if it is too wide. */
export function tableFor<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number) {
  const widths = new Map(
    columns.map((column) => [
      column,
      Math.max(column.head.length, ...rows.map((row) => widthOf(printable(column.cell(row))))),
    ]),
  )
  const shown = new Set(columns)
  const needed = () => [...shown].reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP, -GAP)
  for (const column of columns.toSorted((a, b) => b.rank - a.rank))
    if (needed() > width && shown.size > 1 && column.rank > 0) shown.delete(column)
  const chosen = columns.filter((column) => shown.has(column))
  const line = (cellOf: (column: Column<Row>) => string) => {
    let left = width
    const cells = chosen.map((column) => {
      const room = Math.min(widths.get(column) ?? 0, left)
      left -= room + GAP
      const text = fit(printable(cellOf(column)), room)
      return text + ' '.repeat(Math.max(0, room - widthOf(text)))
    })
    return cells.join(' '.repeat(GAP)).trimEnd()
  }
  return { head: line(({ head }) => head), line: (row: Row) => line(({ cell }) => cell(row)) }
}
