/** Requests made from the contract: valid ones, almost valid ones, stale ones and hostile ones. */
import fc from 'fast-check'
import type { Victim } from '../../http/malformed/requests.ts'
import { malformed } from '../../http/malformed/requests.ts'
import type { Hostile } from '../../http/malformed/send.ts'
import { operations } from '../../support/check-response.ts'
import type { Schema } from './schemas.ts'
import { almostFitting, fitting } from './schemas.ts'

export type Route = (typeof operations)[number]

/** The ways to authenticate in the contract */
export type Scheme = 'refreshToken' | 'refreshCookie' | 'accessToken' | 'deviceProof' | ConstantScheme

/** Those whose token is a setting */
export type ConstantScheme = 'adminToken' | 'revocationsToken' | 'introspectionToken' | 'introspectionBasic'

/** `live` is valid, `stale` was valid once, `forged` never was, `swapped` is valid elsewhere. */
export type Condition = 'live' | 'stale' | 'forged' | 'swapped'

export interface Credential {
  readonly scheme: Scheme
  readonly condition: Condition
  /** Chooses between the changes that make it stale or forged */
  readonly way: number
}

/** A request before it is known which tokens are valid. */
export interface Planned {
  readonly kind: 'valid' | 'almost' | 'stale' | 'hostile'
  readonly route: Route
  /** The session of the world that sends it */
  readonly who: number
  readonly credential?: Credential | undefined
  readonly body?: unknown
  /** Whether names and passwords are those of the session's own user */
  readonly own: boolean
  /** By name; `own` stands for the value of the session's user */
  readonly parameters?: Readonly<Record<string, string | undefined>>
  /** Sent unchanged */
  readonly hostile?: Hostile
}

interface Described {
  readonly security?: readonly Readonly<Record<string, unknown>>[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly parameters?: readonly Parameter[]
}
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: Schema
  readonly example: string | number
}

const JSON_TYPE = 'application/json'

/** The media type of the body of an operation, and its schema */
export function bodyOf({ operation }: Route): readonly [type: string, schema: Schema | undefined] {
  const [[type, content] = [JSON_TYPE, undefined]] = Object.entries(
    (operation as Described).requestBody?.content ?? {},
  )
  return [type, content?.schema]
}

const schemesOf = ({ security = [] }: Described) => security.flatMap((one) => Object.keys(one) as Scheme[])

/** Operations that accept a token that was valid once */
const STALE = new Set(
  operations
    .filter(({ operation }) =>
      schemesOf(operation as Described).some((scheme) => /^(refresh|access)/.test(scheme)),
    )
    .map(({ operation }) => operation.operationId)
    .concat('exchangeToken'),
)
const who = fc.nat({ max: 5 })
const way = fc.nat({ max: 11 })

function credentials(described: Described, condition: Condition): fc.Arbitrary<Credential | undefined> {
  const schemes = schemesOf(described)
  if (schemes.length === 0) return fc.constant(undefined)
  return fc.record({ scheme: fc.constantFrom(...schemes), condition: fc.constant(condition), way })
}

function parameters({ parameters: all = [] }: Described): fc.Arbitrary<Record<string, string | undefined>> {
  const values = (one: Parameter) =>
    one.in === 'query'
      ? fc.option(fc.constant(String(one.example)), { nil: undefined })
      : fc.oneof(fitting(one.schema) as fc.Arbitrary<string>, fc.constant(String(one.example)))
  const own = all.filter((one) => one.in === 'path').map(({ name }) => [name, 'own'])
  const any = fc.record(Object.fromEntries(all.map((one) => [one.name, values(one)])))
  return fc
    .tuple(any, fc.boolean())
    .map(([some, isOwn]) => ({ ...some, ...(isOwn && Object.fromEntries(own)) }))
}

/** A value that the schema of a path or query parameter does not allow. */
function unfitting({ format, minimum = 0, maximum }: Schema): fc.Arbitrary<string> | undefined {
  if (format === 'uuid') return fc.uuid().map((id) => id.slice(0, -1))
  if (maximum !== undefined) return fc.constantFrom('', `${minimum - 1}`, '01', '1.0', `${maximum + 1}`)
  return undefined
}

function valid(route: Route, condition: Condition, kind: Planned['kind']): fc.Arbitrary<Planned> {
  const described = route.operation as Described
  const [, schema] = bodyOf(route)
  return fc.record({
    kind: fc.constant(kind),
    route: fc.constant(route),
    who,
    credential: credentials(described, condition),
    body: schema === undefined ? fc.constant(undefined) : fitting(schema),
    own: fc.boolean(),
    parameters: parameters(described),
  })
}

// All that a form has is text, so it can only lack something.
const unfittingBody = (type: string, schema: Schema) =>
  type === JSON_TYPE ? almostFitting(schema) : fc.constant({})

/** Everything is valid except one thing, so it must not succeed. */
function almost(route: Route): fc.Arbitrary<Planned>[] {
  const described = route.operation as Described
  const [type, schema] = bodyOf(route)
  const ways: fc.Arbitrary<Planned>[] = []
  if (described.security?.length) {
    ways.push(valid(route, 'forged', 'almost'))
    // A logout accepts tokens of both kinds.
    if (route.operation.operationId !== 'logout') ways.push(valid(route, 'swapped', 'almost'))
  }
  if (schema !== undefined) {
    const broken = fc.record({ whole: valid(route, 'live', 'almost'), body: unfittingBody(type, schema) })
    ways.push(broken.map(({ whole, body }) => ({ ...whole, body, own: false })))
  }
  for (const { name, schema: of } of described.parameters ?? []) {
    const none = unfitting(of)
    if (none === undefined) continue
    const broken = fc.record({ whole: valid(route, 'live', 'almost'), value: none })
    ways.push(
      broken.map(({ whole, value }) => ({ ...whole, parameters: { ...whole.parameters, [name]: value } })),
    )
  }
  return ways
}

// Each of these, or the login after it, hashes a password, which takes as long as twenty other requests.
const DEAR = new Set([
  'register',
  'login',
  'changePassword',
  'logout',
  'logoutAll',
  'endSession',
  'createUser',
])

/** @param victim the session whose tokens are made into hostile ones */
export function requests(victim: Victim): fc.Arbitrary<Planned> {
  const routes = operations.map((operation) => {
    // As short as possible where fast-check prints it.
    const route = { ...operation, [fc.toStringMethod]: () => operation.operation.operationId }
    return fc.oneof(
      { weight: 4, arbitrary: valid(route, 'live', 'valid') },
      ...almost(route).map((arbitrary) => ({ weight: 1, arbitrary })),
      { weight: STALE.has(route.operation.operationId) ? 1 : 0, arbitrary: valid(route, 'stale', 'stale') },
      {
        weight: 3,
        arbitrary: malformed(victim, route).map(
          (hostile): Planned => ({ kind: 'hostile', route, who: 0, own: false, hostile }),
        ),
      },
    )
  })
  const weighted = routes.map((arbitrary, index) => {
    const id = operations[index]?.operation.operationId ?? ''
    return { weight: DEAR.has(id) ? 1 : 10, arbitrary }
  })
  return fc.oneof(...weighted)
}
