import { createHash, randomUUID } from 'node:crypto'

// 48 bits in hexadecimal digits, which sort as the times do.
function timeOf(now: number): string {
  const digits = now.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/**
 * A UUID of version 7 (RFC 9562 §5.7): what is made at about the same time stands side by side in an index, so that
 * fewer pages are written. Node's own `randomUUIDv7` is younger than the oldest Node that we run on.
 *
 * @param now milliseconds since the epoch
 */
export const newId = (now: number): string => `${timeOf(now)}-7${randomUUID().slice(15)}`

/** An id that the same id and the same time always make. @param now milliseconds since the epoch */
export const idAfter = (id: string, now: number): string =>
  `${timeOf(now)}-${createHash('sha256').update(id).digest('base64url')}`
