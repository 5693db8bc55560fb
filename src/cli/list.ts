import { count, escapedJson, printable } from './output.ts'
import type { Column } from './terminal.ts'
import { isTerminal, tableFor, widthOf } from './terminal.ts'
import type { CommandContext } from './with-database.ts'

/** How the rows of a list are printed */
export interface ListFormat<Row> {
  /** `user`, `session` */
  readonly noun: string
  /** With `--json` */
  readonly body: (row: Row) => object
  /** For programs. Columns of any width are last. */
  readonly table: readonly (readonly [head: string, cell: (row: Row) => string])[]
  /** On a terminal */
  readonly columns: readonly Column<Row>[]
}

type Pages<Row> = AsyncIterable<readonly Row[]>

/**
 * Prints rows page by page, so that a list of any length needs no more memory than a page. The widths of the columns are
 * those of the first page.
 */
export async function printList<Row>(
  { remark }: CommandContext,
  pages: Pages<Row>,
  format: ListFormat<Row>,
  json: boolean,
): Promise<void> {
  if (json) return printJsonArray(pages, format.body)
  let rows = 0
  let lineOf: ((row: Row) => string) | undefined
  for await (const page of pages) {
    // The reader of our output may have closed it.
    if (process.stdout.destroyed) return
    if (lineOf === undefined) {
      const { head, line } = isTerminal()
        ? tableFor(format.columns, page, terminalWidth())
        : plain(format.table, page)
      console.log(head)
      lineOf = line
    }
    if (page.length > 0) console.log(page.map(lineOf).join('\n'))
    rows += page.length
  }
  remark(`${count(rows, format.noun)}.`)
}

// `columns` is 0 on a terminal that does not know its size.
export const terminalWidth = (): number => process.stdout.columns || 80

/** Prints a short table, in which all columns are as wide as their contents. */
export function printTable<Row>(table: ListFormat<Row>['table'], rows: readonly Row[]): void {
  const { head, line } = plain(table, rows)
  console.log([head, ...rows.map(line)].join('\n'))
}

/** Aligned columns with everything in them */
function plain<Row>(table: ListFormat<Row>['table'], rows: readonly Row[]) {
  const widths = table.map(([head, cell]) =>
    Math.max(head.length, ...rows.map((row) => widthOf(printable(cell(row))))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd()
  return {
    head: line(table.map(([head]) => head)),
    line: (row: Row) => line(table.map(([, cell]) => printable(cell(row)))),
  }
}

/** Prints what `JSON.stringify` would print for all rows, indented by two. */
async function printJsonArray<Row>(pages: Pages<Row>, body: (row: Row) => object): Promise<void> {
  let last: string | undefined
  for await (const page of pages) {
    if (process.stdout.destroyed) return
    const lines: string[] = []
    for (const row of page) {
      lines.push(last === undefined ? '[' : `${last},`)
      last = escapedJson(body(row)).replaceAll(/^/gm, '  ')
    }
    if (lines.length > 0) console.log(lines.join('\n'))
  }
  console.log(last === undefined ? '[]' : `${last}\n]`)
}
