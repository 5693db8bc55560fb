import { regexes } from 'zod'

const date = regexes.date.source.slice(0, -1)

/** RFC 3339 §5.6: "T" and "Z" may be in lower case, and the second may be a leap second. */
export const DATE_TIME = new RegExp(
  `${date}[Tt](?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)$`,
)

/** @returns the instant of a {@link DATE_TIME}, in milliseconds since the epoch */
export function instantOf(text: string): number {
  // Date has no leap seconds.
  const isLeap = text.slice(17, 19) === '60'
  const known = isLeap ? `${text.slice(0, 17)}59${text.slice(19)}` : text
  return Date.parse(known.toUpperCase()) + (isLeap ? 1000 : 0)
}
