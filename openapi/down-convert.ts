/** Makes the OpenAPI 3.0 form of the contract, for generators that do not read 3.1. Only its notation is older. */

type Members = Readonly<Record<string, unknown>>

// JSON Schema of 3.1 that 3.0 cannot express. With it, the 3.0 document would say something else.
const UNKNOWN = [
  'if',
  'then',
  'else',
  'contains',
  'prefixItems',
  'propertyNames',
  'patternProperties',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedItems',
  'unevaluatedProperties',
  '$defs',
]

/** @throws TypeError for a keyword that 3.0 does not have */
export function toOpenApi30({ webhooks: _, openapi: __, info, ...document }: Members): Members {
  const { summary: ___, license, ...rest } = info as Members
  const { identifier, ...named } = license as Members
  return {
    openapi: '3.0.4',
    info: { ...rest, license: { ...named, url: `https://spdx.org/licenses/${identifier}.html` } },
    ...(plain(document) as Members),
  }
}

// These are values, not schemas.
const VALUES = ['value', 'example', 'default', 'enum']

// Members may have the names of keywords.
const eachOf = (properties: Members) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, plain(schema)]))

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const { type, const: constant, examples, $ref, ...rest } = value as Members
  const unknown = UNKNOWN.find((keyword) => keyword in rest)
  if (unknown !== undefined || type === 'null')
    throw new TypeError(`OpenAPI 3.0 has no ${unknown ?? 'type null'}`)
  const members = Object.entries(rest).map(([name, member]) => [
    name,
    name === 'properties' ? eachOf(member as Members) : VALUES.includes(name) ? member : plain(member),
  ])
  return {
    ...typeOf(type),
    ...(constant !== undefined && { enum: [constant] }),
    // Of a schema they are a list, of a media type a map.
    ...(Array.isArray(examples)
      ? { example: examples[0] }
      : examples !== undefined && { examples: plain(examples) }),
    ...referenceOf($ref, members.length > 0),
    ...Object.fromEntries(members),
  }
}

function typeOf(type: unknown): Members {
  if (!Array.isArray(type)) return type === undefined ? {} : { type }
  const [only, ...others] = type.filter((one) => one !== 'null')
  if (others.length > 0) throw new TypeError(`OpenAPI 3.0 has no type of ${type.join(' and ')}`)
  return { type: only, ...(type.includes('null') && { nullable: true }) }
}

/** 3.0 ignores what stands beside a reference. */
function referenceOf($ref: unknown, hasSiblings: boolean): Members {
  if ($ref === undefined) return {}
  return hasSiblings ? { allOf: [{ $ref }] } : { $ref }
}
