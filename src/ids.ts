import { createHash, randomUUID } from 'node:crypto'

// 48 bits in hexadecimal digits: strings sort in the order of time.
function timeOf(now: number): string {
  const digits = now.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/**
 * Makes a UUID of version 7 (RFC 9562 §5.7). New ids are neighbours in an index, so that inserts write fewer pages.
 * `randomUUIDv7` of Node is not in the oldest Node that we support.
 *
 * @param now milliseconds since the epoch
 */
export const newId = (now: number): string => `${timeOf(now)}-7${randomUUID().slice(15)}`

/** Derives an id: the same `id` and `now` always give the same result. @param now milliseconds since the epoch */
export const idAfter = (id: string, now: number): string =>
  `${timeOf(now)}-${createHash('sha256').update(id).digest('base64url')}`
