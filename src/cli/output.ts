// Control and format characters, which can move the cursor or reverse the direction of text, and lone surrogates
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Escapes characters that a terminal would interpret, for text that others wrote. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** Prints the cells of one row without alignment, for a list whose widths are unknown. */
export function printLine(cells: readonly string[]): void {
  console.log(cells.map(printable).join('  '))
}

/** Prints a JSON array or object, with the same characters escaped. */
export function printJson(value: object): void {
  console.log(escapedJson(value))
}

/** JSON over several lines, with the same characters escaped */
export const escapedJson = (value: object): string => escapeUnprintable(JSON.stringify(value, null, 2))

/** Prints a JSON object on one line, with the same characters escaped. */
export function printJsonLine(row: object): void {
  console.log(escapeUnprintable(JSON.stringify(row)))
}

function escapeUnprintable(json: string): string {
  const escaped = (character: string) =>
    character === '\n'
      ? character // Part of the layout: in strings it is already escaped.
      : character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return json.replace(UNPRINTABLE, escaped)
}

/** Formats a time as ISO 8601 in UTC. @param time milliseconds since the epoch */
export function isoTime(time: number): string {
  return new Date(time).toISOString()
}

/** `1 session`, `2 sessions` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
