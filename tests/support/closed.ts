/** Responses are published open, so that clients of today accept members of tomorrow. The tests close them. */

type Members = Readonly<Record<string, unknown>>

/** @returns a copy in which every object with listed members allows no others, unless it says `additionalProperties` itself */
export function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T
  if (typeof value !== 'object' || value === null) return value
  // Examples are values, not schemas.
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    /^examples?$/.test(key) ? member : closed(member),
  ])
  const { type, properties, additionalProperties } = value as Members
  const isOpen = type === 'object' && typeof properties === 'object' && additionalProperties === undefined
  return Object.fromEntries(isOpen ? [...entries, ['additionalProperties', false]] : entries) as T
}
