/** Requests out of the contract: valid ones, almost valid ones, stale ones and hostile ones. */
import fc from 'fast-check'
import type { Victim } from '../../http/malformed/requests.ts'
import { malformed } from '../../http/malformed/requests.ts'
import type { Hostile } from '../../http/malformed/send.ts'
import { operations } from '../check-response.ts'
import type { Schema } from './schemas.ts'
import { almostFitting, fitting } from './schemas.ts'

export type Route = (typeof operations)[number]

/** What the contract names as ways to authenticate */
export type Scheme = 'refreshToken' | 'refreshCookie' | 'accessToken'

/** `live` is good, `stale` was good once, `forged` never was, `swapped` is good elsewhere. */
export type Condition = 'live' | 'stale' | 'forged' | 'swapped'

export interface Credential {
  readonly scheme: Scheme
  readonly condition: Condition
  /** Which of several changes makes it stale or forged */
  readonly way: number
}

/** A request before it is known which tokens are good at the moment. */
export interface Planned {
  readonly kind: 'valid' | 'almost' | 'stale' | 'hostile'
  readonly route: Route
  /** Which of the world's sessions asks */
  readonly who: number
  readonly credential?: Credential | undefined
  readonly body?: unknown
  /** Names and passwords of the session's own user in place of any that fit */
  readonly own: boolean
  /** For paths that have one */
  readonly parameter?: string | undefined
  /** Sent as it stands */
  readonly hostile?: Hostile
}

interface Described {
  readonly security?: readonly Readonly<Record<string, unknown>>[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
  readonly parameters?: readonly { readonly schema: Schema; readonly example: string }[]
}

/** Those that take a token */
const STALE = new Set(
  operations
    .filter(({ operation }) => (operation as Described).security?.length)
    .map(({ operation }) => operation.operationId)
    .concat('exchangeToken'),
)
const who = fc.nat({ max: 5 })
const way = fc.nat({ max: 11 })

function credentials(
  { security = [] }: Described,
  condition: Condition,
): fc.Arbitrary<Credential | undefined> {
  const schemes = security.flatMap((one) => Object.keys(one) as Scheme[])
  if (schemes.length === 0) return fc.constant(undefined)
  return fc.record({ scheme: fc.constantFrom(...schemes), condition: fc.constant(condition), way })
}

function parameters({ parameters: [parameter] = [] }: Described): fc.Arbitrary<string | undefined> {
  if (parameter === undefined) return fc.constant(undefined)
  return fc.oneof(
    fitting(parameter.schema) as fc.Arbitrary<string>,
    fc.constantFrom(parameter.example, 'own'),
  )
}

function valid(route: Route, condition: Condition, kind: Planned['kind']): fc.Arbitrary<Planned> {
  const described = route.operation as Described
  const schema = described.requestBody?.content['application/json'].schema
  return fc.record({
    kind: fc.constant(kind),
    route: fc.constant(route),
    who,
    credential: credentials(described, condition),
    body: schema === undefined ? fc.constant(undefined) : fitting(schema),
    own: fc.boolean(),
    parameter: parameters(described),
  })
}

/** All is well but one thing, and so it must not succeed. */
function almost(route: Route): fc.Arbitrary<Planned>[] {
  const described = route.operation as Described
  const schema = described.requestBody?.content['application/json'].schema
  const ways: fc.Arbitrary<Planned>[] = []
  if (described.security?.length) {
    ways.push(valid(route, 'forged', 'almost'))
    // Either of them logs out.
    if (route.operation.operationId !== 'logout') ways.push(valid(route, 'swapped', 'almost'))
  }
  if (schema !== undefined) {
    const broken = fc.record({ whole: valid(route, 'live', 'almost'), body: almostFitting(schema) })
    ways.push(broken.map(({ whole, body }) => ({ ...whole, body, own: false })))
  }
  if (described.parameters?.[0]?.schema.format === 'uuid') {
    const none = fc.uuid().map((id) => id.slice(0, -1))
    const broken = fc.record({ whole: valid(route, 'live', 'almost'), parameter: none })
    ways.push(broken.map(({ whole, parameter }) => ({ ...whole, parameter })))
  }
  return ways
}

// A password is hashed for each, or for the login after it, which takes as long as twenty other requests.
const DEAR = new Set(['register', 'login', 'changePassword', 'logout', 'logoutAll', 'endSession'])

/** @param victim whose tokens hostile requests are made of */
export function requests(victim: Victim): fc.Arbitrary<Planned> {
  const routes = operations.map((operation) => {
    // As short as it can be where fast-check prints it.
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
