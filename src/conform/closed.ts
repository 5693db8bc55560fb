/** Responses are published open, so that clients of today accept members of tomorrow. Checks of a server close them. */

type Members = Readonly<Record<string, unknown>>

/** @returns a copy in which every object with listed members allows no others, unless it says `additionalProperties`
 * itself, and every list that may grow is complete */
export function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T
  if (typeof value !== 'object' || value === null) return value
  // Examples are values, not schemas.
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    /^examples?$/.test(key) ? member : closed(member),
  ])
  const { type, properties, additionalProperties, 'x-extensible-enum': known } = value as Members
  const isOpen = type === 'object' && typeof properties === 'object' && additionalProperties === undefined
  const closing = {
    ...(isOpen && { additionalProperties: false }),
    ...(Array.isArray(known) && { enum: known }),
  }
  return { ...Object.fromEntries(entries), ...closing } as T
}
