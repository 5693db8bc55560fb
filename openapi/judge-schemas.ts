/** Judges what a change of a schema means for senders and for receivers of such values. */
import { isDeepStrictEqual } from 'node:util'

export type Members = Readonly<Record<string, unknown>>

/** Clients send values in a request and receive values in a response. */
export type Direction = 'request' | 'response'

export interface Change {
  readonly breaking: boolean
  readonly where: string
  readonly what: string
}

/** Two versions of an OpenAPI document, and a function that records a difference. */
export interface Comparison {
  readonly before: Members
  readonly after: Members
  note(breaking: boolean, where: string, what: string): void
}

/** What a change does to the set of valid values; `other` when that is unknown. */
type Effect = 'none' | 'narrower' | 'wider' | 'other'

// They do not affect which values are valid.
const ANNOTATIONS = ['title', 'description', 'example', 'examples', 'deprecated', 'externalDocs', '$comment']
// Compared member by member, not as a whole.
const STRUCTURE = ['properties', 'additionalProperties', 'items']

/** Follows a reference. Members beside `$ref` count as well (OpenAPI 3.1). */
export function resolve(document: Members, value: unknown): Members {
  // In JSON Schema, true allows every value and false allows none.
  if (typeof value !== 'object' || value === null) return value === false ? { not: {} } : {}
  const { $ref, ...rest } = value as Members
  if (typeof $ref !== 'string') return rest
  const keys = $ref.split('/').slice(1)
  const target = keys
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, key) => (at as Members)[key], document)
  return { ...resolve(document, target), ...rest }
}

/** A schema with its reference followed, `const` written as an `enum`, and for requests the pattern that the server checks. */
function plain(document: Members, value: unknown, direction: Direction): Members {
  const { const: constant, ...schema } = resolve(document, value)
  const { pattern } = (schema['x-server-check'] ?? {}) as Members
  return {
    ...schema,
    ...(constant !== undefined && { enum: [constant] }),
    ...(direction === 'request' && pattern !== undefined && { pattern }),
  }
}

function effectOnSet(before: unknown, after: unknown): Effect {
  const [old, next] = [before, after].map((values) => [values].flat().map((one) => JSON.stringify(one)))
  const lost = old?.some((value) => !next?.includes(value))
  const gained = next?.some((value) => !old?.includes(value))
  if (lost && gained) return 'other'
  return lost ? 'narrower' : gained ? 'wider' : 'none'
}

// Every integer is a number.
const typeSet = (type: unknown) =>
  [type].flat().flatMap((one) => (one === 'number' ? [one, 'integer'] : [one]))

function effect(keyword: string, before: unknown, after: unknown): Effect {
  if (isDeepStrictEqual(before, after)) return 'none'
  // More required members leave fewer valid values.
  if (keyword === 'required') return effectOnSet(after ?? [], before ?? [])
  if (before === undefined) return 'narrower'
  if (after === undefined) return 'wider'
  if (keyword === 'type') return effectOnSet(typeSet(before), typeSet(after))
  if (keyword === 'enum') return effectOnSet(before, after)
  if (/^(min|exclusiveMin)/.test(keyword)) return Number(after) > Number(before) ? 'narrower' : 'wider'
  if (/^(max|exclusiveMax)/.test(keyword)) return Number(after) < Number(before) ? 'narrower' : 'wider'
  return 'other'
}

/** Whether a pattern gave way to a list of values that all match it */
function fits({ pattern }: Members, { pattern: next, enum: values }: Members): boolean {
  if (typeof pattern !== 'string' || next !== undefined || !Array.isArray(values)) return false
  return values.every((value) => typeof value === 'string' && new RegExp(pattern, 'u').test(value))
}

/** @param seen pairs of references already being compared, because a schema may contain itself */
export function compareSchemas(
  comparison: Comparison,
  direction: Direction,
  where: string,
  pair: readonly [before: unknown, after: unknown],
  seen: readonly string[] = [],
): void {
  const refs = JSON.stringify(pair.map((schema) => (schema as Members | undefined)?.['$ref'] ?? null))
  if (refs !== '[null,null]' && seen.includes(refs)) return
  const { note } = comparison
  const [before, after] = [
    plain(comparison.before, pair[0], direction),
    plain(comparison.after, pair[1], direction),
  ]
  const within = (name: string, old: unknown, next: unknown) =>
    compareSchemas(comparison, direction, `${where} ${name}`, [old, next], [...seen, refs])

  for (const keyword of Object.keys({ ...before, ...after })) {
    if (STRUCTURE.includes(keyword) || ANNOTATIONS.includes(keyword) || keyword.startsWith('x-')) continue
    if (keyword === 'pattern' && fits(before, after)) continue
    const change = effect(keyword, before[keyword], after[keyword])
    const breaking = change === 'other' || change === (direction === 'request' ? 'narrower' : 'wider')
    const [old, next] = [before, after].map((schema) => JSON.stringify(schema[keyword]) ?? 'none')
    if (change !== 'none') note(breaking, where, `${keyword} ${old} → ${next}`)
  }

  // New words are announced, but a client may wait for a known one.
  const [known, listed] = [before, after].map((schema) => [schema['x-extensible-enum'] ?? []].flat())
  for (const word of known ?? []) if (!listed?.includes(word)) note(true, where, `${word} removed`)

  const [old, next] = [before, after].map((schema) => schema['properties'] ?? {}) as [Members, Members]
  // A strict client of a closed response refuses what it does not list.
  const isClosed = direction === 'response' && before['additionalProperties'] === false
  for (const name of Object.keys({ ...old, ...next })) {
    if (!(name in next)) note(true, where, `member ${name} removed`)
    else if (!(name in old)) note(isClosed, where, `member ${name} added`)
    else within(name, old[name], next[name])
  }
  if ('items' in before || 'items' in after) within('[]', before['items'], after['items'])

  const { additionalProperties: wasOpen = true } = before
  const { additionalProperties: isOpen = true } = after
  if (wasOpen !== false && isOpen !== false) {
    if (!isDeepStrictEqual(wasOpen, isOpen)) within('{}', wasOpen, isOpen)
  } else if (wasOpen !== isOpen) {
    // Clients must ignore unknown members in any case.
    note(direction === 'request' && isOpen === false, where, isOpen === false ? 'closed' : 'opened')
  }
}
