/** How the responses are provoked that many operations share, by the key of their example. */
import { randomUUID } from 'node:crypto'
import type { Operation } from '../contract.ts'
import type { Request } from '../request.ts'
import { withInvalidProof, withoutNonce, withoutProof } from './dpop.ts'
import type { Provocation, Ways } from './provocation.ts'
import { changed, cookieOf, forge, fromElsewhere, moved } from './provocation.ts'

/** What the contract says of a request */
export interface Taking extends Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[]
  readonly parameters?: readonly { readonly name: string; readonly schema: { readonly maximum?: number } }[]
}

const MAX_BODY = 16 * 1024
const padded = (text: string) => ' '.repeat(MAX_BODY + 1 - text.length) + text

// `json` would set `application/json` itself.
const sent = (request: Request, body: string | ReadableStream, type = 'application/json'): Request => {
  const { json: _, ...rest } = request
  return { ...rest, body, headers: { ...rest.headers, 'Content-Type': type } }
}

const text = ({ json }: Request) => (json === undefined ? '' : JSON.stringify(json))

const isAdmin = ({ security = [] }: Taking) => security.some((scheme) => 'adminToken' in scheme)

/** The request with another new password, in the member that has it */
export const withPassword = (good: Provocation, password: string): Provocation =>
  changed(good, (request) => {
    const json = request.json as object
    return { ...request, json: { ...json, ['new_password' in json ? 'new_password' : 'password']: password } }
  })

/** The request with claims */
const withClaims = (good: Provocation, claims: object): Provocation =>
  changed(good, (request) => ({ ...request, json: { ...(request.json as object), claims } }))

/** The same request from another site, with the cookie of the browser */
export const crossSite = (good: Provocation): Provocation =>
  changed(good, (request, actor) => ({
    ...request,
    cookie: cookieOf(actor.refreshToken, actor),
    headers: fromElsewhere,
  }))

/** The request of somebody else, with whom an administrator did something after it was made */
export const ofAnother =
  (good: Provocation, method: string, rest: string): Provocation =>
  async (actor) => {
    const other = await actor.another()
    const ask = await good(other)
    await actor.request(`/admin/users/${encodeURIComponent(other.user.id)}${rest}`, {
      method,
      bearer: actor.adminToken,
    })
    return ask
  }

const UUID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/

const withoutToken = (good: Provocation) => changed(good, ({ bearer: _, ...request }) => request)

/** @param operation of which `good` is a request that succeeds */
type Common = (good: Provocation, operation: Taking) => Ways

export const common: Readonly<Record<string, Common>> = {
  // The client has what it asks for.
  '304 empty': (good) => async (actor) => {
    const { path, request } = await good(actor)
    const { headers } = await actor.request(path, request)
    return { path, request: { ...request, headers: { 'If-None-Match': headers.get('ETag') ?? '' } } }
  },
  '405 method_not_allowed': (good) => changed(good, (request) => ({ ...request, method: 'PATCH' })),
  '413 too_large': (good) => [
    changed(good, (request) => sent(request, padded(text(request)))),
    changed(good, (request) => sent(request, new Blob([padded(text(request))]).stream())),
  ],
  '415 unsupported': (good) => [
    changed(good, (request) => sent(request, text(request), 'text/plain')),
    changed(good, (request) => ({ ...request, headers: { 'Content-Encoding': 'gzip' } })),
  ],
  '400 malformed_json': (good) => changed(good, (request) => sent(request, text(request).slice(0, -1))),
  // The first member is a required one.
  '400 invalid_member': (good) =>
    changed(good, (request) => ({
      ...request,
      json: Object.fromEntries(Object.entries(request.json as object).slice(1)),
    })),
  '400 invalid_id': (good) => moved(good, (path) => path.replace(UUID, 'not-a-uuid')),
  '400 invalid_user_id': (good) => moved(good, (path) => path.replace(UUID, 'x'.repeat(129))),
  '400 invalid_parameter': (good, { parameters = [] }) => {
    const maximum = parameters.find(({ name }) => name === 'limit')?.schema.maximum ?? 0
    return moved(good, (path) => `${path}?limit=${maximum + 1}`)
  },
  '400 short_password': (good) => withPassword(good, 'x7!q'),
  '400 long_password': (good) => withPassword(good, 'ß'.repeat(129)),
  '400 undecodable_password': (good) =>
    changed(withPassword(good, 'größe of things'), ({ json, ...request }) => ({
      ...request,
      body: Buffer.from(JSON.stringify(json), 'latin1'),
      headers: { 'Content-Type': 'application/json' },
    })),
  '400 username_inside': (good) => async (actor) => {
    const { path, request } = await good(actor)
    const { username = actor.user.username } = request.json as { username?: string }
    const inside = `so ${username.toUpperCase()} it is`
    return withPassword(() => ({ path, request }), inside)(actor)
  },
  '400 common_password': (good) => [withPassword(good, 'password1'), withPassword(good, 'Rekindle')],
  '400 reserved_claim': (good) =>
    ['sub', 'type', 'claims_version'].map((name) => withClaims(good, { role: 'editor', [name]: 1 })),
  // In UTF-8 one byte too many
  '400 large_claims': (good) => withClaims(good, { role: 'ß'.repeat(507) }),
  '400 unportable_claim': (good) => [
    withClaims(good, { account: { id: 2 ** 53 } }),
    withClaims(good, { account: ['a\0b'] }),
  ],
  '401 missing': (good, operation) =>
    isAdmin(operation)
      ? [
          withoutToken(good),
          changed(withoutToken(good), (request, actor) => ({
            ...request,
            cookie: cookieOf(actor.adminToken, actor),
          })),
        ]
      : withoutToken(good),
  '401 invalid': (good, operation) =>
    isAdmin(operation)
      ? [
          changed(good, (request, { adminToken }) => ({ ...request, bearer: `${adminToken}x` })),
          changed(good, (request, { accessToken }) => ({ ...request, bearer: accessToken })),
        ]
      : [
          changed(good, (request, { accessToken }) => ({ ...request, bearer: forge(accessToken) })),
          changed(good, (request, { refreshToken }) => ({ ...request, bearer: refreshToken })),
          async (actor) => {
            const tokens = await actor.login()
            await actor.request('/api/auth/logout', { method: 'POST', bearer: tokens.refreshToken })
            return good({ ...actor, ...tokens })
          },
        ],
  '401 proof_missing': withoutProof,
  '401 proof_invalid': withInvalidProof,
  '401 nonce_needed': withoutNonce,
  '403 cross_site': (good) => crossSite(good),
  '403 inactive': (good) => ofAnother(good, 'POST', '/deactivate'),
  '404 unknown_user': (good, operation) =>
    isAdmin(operation)
      ? moved(good, (path) => path.replace(UUID, randomUUID()))
      : ofAnother(good, 'DELETE', ''),
  '404 unknown_session': (good) =>
    moved(good, (path) => path.replace(new RegExp(`${UUID.source}$`), randomUUID())),
}
