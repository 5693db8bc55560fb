// Control and format characters, which move the cursor or turn the direction of text, and lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** What others wrote, with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** Prints aligned columns. Those of unforeseeable width belong last. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows.map((row) => row.map(printable))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Prints the cells of one row, of a list whose width nobody knows. */
export function printLine(cells: readonly string[]): void {
  console.log(cells.map(printable).join('  '))
}

/** Prints one JSON array, which is as harmless on a terminal. */
export function printJson(rows: readonly object[]): void {
  console.log(harmless(JSON.stringify(rows, null, 2)))
}

/** Likewise one object, on one line. */
export function printJsonLine(row: object): void {
  console.log(harmless(JSON.stringify(row)))
}

function harmless(json: string): string {
  const escaped = (character: string) =>
    character === '\n'
      ? character // of the layout: in strings it is escaped already
      : character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return json.replace(UNPRINTABLE, escaped)
}

/** ISO 8601, UTC. @param time milliseconds since the epoch */
export function isoTime(time: number): string {
  return new Date(time).toISOString()
}

/** `1 session`, `2 sessions` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
