/** Malformed requests to one operation, malformed in any of their parts. */
import fc from 'fast-check'
import type { OperationId } from '../../../src/http/contract.ts'
import type { operations } from '../../support/check-response.ts'
import { ADMIN_TOKEN, PASSWORD } from '../../support/service.ts'
import type { World } from '../../support/world.ts'
import { badJson, badToken, badType, brokenBody, otherHeaders, text } from './arbitraries.ts'
import type { Hostile } from './send.ts'
import { inHeader, inPath } from './send.ts'

/** The tokens that are mutated */
export type Victim = Pick<World, 'accessToken' | 'refreshToken'>

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'LOCK']

/** Valid bodies: broken by the arbitraries, or sent whole if another part is broken. */
const fitting = (world: Victim): Partial<Record<OperationId, Readonly<Record<string, string>>>> => ({
  register: { username: 'grace', password: PASSWORD },
  login: { username: 'ada', password: PASSWORD },
  exchangeToken: { token: world.accessToken },
  changePassword: { current_password: PASSWORD, new_password: 'another one entirely' },
  createUser: { username: 'grace' },
  // The body stays valid if members are left out, so the user does not exist.
  openUserSession: { device: 'A browser', address: '192.0.2.1' },
})

/** Operations with authentication have more ways to fail. If a valid token is all they need to succeed, none is sent. */
const WITH_ACCESS: ReadonlySet<OperationId> = new Set(['changePassword', 'me', 'listSessions', 'endSession'])

const isOfAdmin = ({ operation }: Route) =>
  (operation as { tags?: readonly string[] }).tags?.includes('admin')

// Lone surrogates cannot be encoded.
const encoded = (value: string) => encodeURIComponent(value.toWellFormed())

function paths({ path: template, operation }: Route): fc.Arbitrary<string> {
  const segment = fc.oneof(
    fc.uuid(),
    text.map(encoded),
    text.map(inPath),
    fc.constantFrom('.', '..', '%2e%2e'),
  )
  const filled = segment.map((value) => template.replaceAll(/\{\w+\}/g, () => value || 'x'))
  const at = (path: string, place: number) => 1 + (place % (path.length - 1))
  const inserted = fc.tuple(filled, fc.nat(), text.map(encoded)).map(([path, place, more]) => {
    return path.slice(0, at(path, place)) + more + path.slice(at(path, place))
  })
  const respelt = fc.tuple(filled, fc.nat()).map(([path, place]) => {
    const index = at(path, place)
    const code = path.charCodeAt(index).toString(16).padStart(2, '0')
    return `${path.slice(0, index)}%${code}${path.slice(index + 1)}`
  })
  const path = fc.oneof(
    { weight: 8, arbitrary: filled },
    { weight: 1, arbitrary: inserted },
    { weight: 1, arbitrary: respelt },
    { weight: 1, arbitrary: filled.map((value) => `${value}/`) },
    { weight: 1, arbitrary: filled.map((value) => `/.${value}`) },
  )
  const { parameters = [] } = operation as { parameters?: readonly { in: string; name: string }[] }
  const known = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  const name = known.length === 0 ? text : fc.oneof(text, fc.constantFrom(...known))
  const pair = fc
    .tuple(name.map(encoded), fc.oneof(text.map(encoded), text.map(inPath)))
    .map((both) => both.join('='))
  return fc
    .tuple(path, fc.array(pair, { maxLength: 3 }))
    .map(([value, query]) => (query.length === 0 ? value : `${value}?${query.join('&')}`))
}

interface Content {
  readonly body: Hostile['body']
  readonly type: string
  /** The authentication is the broken part. */
  readonly anonymous?: boolean
}

const JSON_TYPE = fc
  .tuple(
    fc.constantFrom('application/json', 'Application/JSON'),
    fc.constantFrom(
      '',
      ';',
      ' ;',
      '; ;',
      '; charset=utf-8',
      ' ; charset="utf-8"',
      ';a',
      ';=',
      ';\t\u00ff=',
      ';x;y=1',
    ),
  )
  .map((parts) => parts.join(''))

function contents(world: Victim, id: OperationId, token: fc.Arbitrary<string>): fc.Arbitrary<Content> {
  const whole = fitting(world)[id]
  if (whole === undefined) {
    return fc.record({ body: fc.option(badJson, { nil: undefined }), type: fc.oneof(badType, JSON_TYPE) })
  }
  const body = fc.constant(JSON.stringify(whole))
  const ways: fc.WeightedArbitrary<Content>[] = [
    { weight: 3, arbitrary: fc.record({ body: brokenBody(whole), type: JSON_TYPE }) },
    { weight: 2, arbitrary: fc.record({ body: badJson, type: JSON_TYPE }) },
    { weight: 1, arbitrary: fc.record({ body, type: badType }) },
  ]
  if (id === 'exchangeToken') {
    const exchange = token.map((bad) => JSON.stringify({ token: bad }))
    ways.push({ weight: 3, arbitrary: fc.record({ body: exchange, type: JSON_TYPE }) })
  }
  if (WITH_ACCESS.has(id) || id === 'createUser') {
    ways.push({ weight: 3, arbitrary: fc.record({ body, type: JSON_TYPE, anonymous: fc.constant(true) }) })
  }
  return fc.oneof(...ways)
}

type Route = (typeof operations)[number]

export function malformed(world: Victim, route: Route): fc.Arbitrary<Hostile> {
  const { method, operation } = route
  const id = operation.operationId as OperationId
  const { accessToken, refreshToken } = world
  const token = badToken(accessToken, refreshToken)
  const good = `Bearer ${isOfAdmin(route) ? ADMIN_TOKEN : accessToken}`
  const authorization = fc.oneof(
    { weight: WITH_ACCESS.has(id) || isOfAdmin(route) ? 5 : 0, arbitrary: fc.constant(good) },
    { weight: 3, arbitrary: token.map((bad) => `Bearer ${bad}`) },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.constantFrom(`Basic ${accessToken}`, 'Bearer', refreshToken) },
  )
  const cookie = fc
    .tuple(fc.constantFrom('refresh_token', '__Host-refresh_token', ''), token, text)
    .map(([name, value, more]) => `${name}=${value}; ${more}`)
  return fc
    .record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS.filter((other) => other !== method)) },
      ),
      path: paths(route),
      other: otherHeaders,
      authorization: fc.option(authorization, { nil: '', freq: 4 }),
      cookie: fc.option(cookie, { nil: '' }),
      content: contents(world, id, token),
      chunked: fc.boolean(),
    })
    .map(({ other, content, ...request }) => {
      const headers = {
        ...other,
        Authorization: content.anonymous && request.authorization === good ? '' : request.authorization,
        Cookie: request.cookie,
        'Content-Type': content.type,
      }
      const sendable = Object.entries(headers).map(([name, value]) => [name, inHeader(value)])
      return {
        method: request.method,
        path: request.path,
        headers: Object.fromEntries(sendable.filter(([, value]) => value !== '')),
        body: content.body,
        chunked: request.chunked,
      }
    })
}
