/** Values made from the contract's schemas: values that fit, and values that almost fit. */
import fc from 'fast-check'
import { contract, validator } from '../../support/check-response.ts'

export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly pattern?: string
  readonly 'x-server-check'?: { readonly pattern?: string; readonly format?: 'ip' }
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : (contract.components.schemas[name] as Schema)
}

const character = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('é', 'ß', 'İ', '漢', '🦊', '\u0301', '\u200d', '\u115f', 'ﬁ', 'Ǆ'),
  },
)

function fittingString(schema: Schema): fc.Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength = 300, 'x-server-check': check } = schema
  if (format === 'uuid') return fc.uuid()
  // Of the past, as times of registrations are
  if (format === 'date-time')
    return fc.integer({ min: 0, max: 1_500_000_000 }).map((time) => new Date(time * 1000).toISOString())
  if (check?.format === 'ip') return fc.oneof(fc.ipV4(), fc.ipV6())
  // Of one length, which no single character fits
  if (pattern?.endsWith('}$')) return fc.stringMatching(new RegExp(pattern))
  const allowed = new RegExp(check?.pattern ?? pattern ?? '', 'u')
  const unit = character.filter((one) => allowed.test(one))
  const ofLength = (from: number, to: number) =>
    fc.string({ unit, minLength: from, maxLength: to, size: 'max' })
  return fc.oneof(
    { weight: 6, arbitrary: ofLength(minLength, Math.min(maxLength, minLength + 30)) },
    { weight: 1, arbitrary: ofLength(minLength, minLength) },
    { weight: 1, arbitrary: ofLength(maxLength, maxLength) },
  )
}

/** Values that the schema allows. @throws TypeError for schemas that the contract's requests do not have */
export function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const resolved = resolve(schema)
  const { type, properties = {}, required = [] } = resolved
  if (type === 'string') return fittingString(resolved)
  if (type === 'boolean') return fc.boolean()
  if (type !== 'object') throw new TypeError(`no values for the type ${type}`)
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, member] of Object.entries(properties)) members[name] = fitting(member)
  return fc.record(members, { requiredKeys: [...required] })
}

const otherTypes = fc.constantFrom<unknown>(null, true, 0, -1.5, 'true', '', [], {}, [''], 1e300)

function unfittingString({ minLength = 0, maxLength, pattern }: Schema): fc.Arbitrary<unknown> {
  const ways: fc.Arbitrary<unknown>[] = [otherTypes]
  if (minLength > 0) ways.push(fc.string({ minLength: minLength - 1, maxLength: minLength - 1 }))
  if (maxLength !== undefined) ways.push(fc.constant('x'.repeat(maxLength + 1)))
  if (pattern !== undefined) ways.push(fc.constantFrom('a b\ud800', 'a\tb\ud800', '\u0000\ud800'))
  return fc.oneof(...ways)
}

/** An object that would fit except for one member: one too many, one too few, or one that does not fit. */
export function almostFitting(schema: Schema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = resolve(schema)
  const wrong = fc
    .constantFrom(...Object.entries(properties))
    .chain(([name, member]) => unfittingString(resolve(member)).map((value) => ({ [name]: value })))
  const change: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    wrong,
    ...required.map((name) => fc.constant({ [name]: undefined })),
    fc.constantFrom('x', 'Token', 'user_name', 'is_admin').map((name) => ({ [name]: 'x' })),
  )
  const isValid = validator(schema)
  return fc
    .tuple(fitting(schema), change)
    .map(([whole, part]) => JSON.parse(JSON.stringify({ ...(whole as object), ...part })) as unknown)
    .filter((value) => !isValid(value))
}
