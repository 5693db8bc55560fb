/** Makes a request from a plan: inserts the current tokens, and reads the next ones from the response. */

import { sign } from 'node:crypto'
import type { Hostile, Received } from '../../http/malformed/send.ts'
import * as jwt from '../../support/tokens.ts'
import { respelt, sidOf } from '../../support/tokens.ts'
import type { ConstantScheme, Credential, Planned } from './requests.ts'
import { bodyOf } from './requests.ts'
import type { Member } from './world.ts'
import { PAIR, SECRET, TOKENS } from './world.ts'

const COOKIE = 'refresh_token'

function resigned(token: string, claims: jwt.Claims, header: jwt.Claims = {}): string {
  const signed = jwt.resigned(token, claims, header, SECRET)
  if (jwt.headerOf(token)['alg'] !== 'ES256') return signed
  const input = signed.slice(0, signed.lastIndexOf('.'))
  const key = { key: PAIR.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

const flipped = (token: string, place: number) => {
  const at = 5 + ((place * 7) % (token.length - 10))
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

function forged(token: string, way: number): string {
  const [head, claims] = token.split('.')
  const changes = [
    ...respelt(token),
    `${head}.${claims}.`,
    `eyJhbGciOiJub25lIn0.${claims}.`,
    resigned(token, { type: 'other' }),
    resigned(token, { exp: 'never' }),
    resigned(token, {}, { typ: 'JWT' }),
    resigned(token, { sub: 1 }),
  ]
  return changes[way] ?? flipped(token, way)
}

function stale({ access, refresh, previous }: Member, isAccess: boolean, way: number): string {
  const now = Math.floor(Date.now() / 1000)
  const day = 86_400
  if (isAccess) {
    const age = way % 2 === 0 ? 1800 : 2 * day
    return resigned(access, { iat: now - age - 1800, exp: now - age, jti: `${now}-${way}` })
  }
  if (way % 3 === 0) return resigned(refresh, { iat: now - 60 * day, exp: now - 30 * day })
  return previous
}

function tokenFor(member: Member, { scheme, condition, way }: Credential): string {
  if (scheme in TOKENS) {
    const token = TOKENS[scheme as ConstantScheme]
    if (condition === 'forged') return flipped(token, way)
    return condition === 'swapped' ? member.access : token
  }
  const isAccess = scheme === 'accessToken'
  const own = isAccess ? member.access : member.refresh
  if (condition === 'forged') return forged(own, way)
  if (condition === 'stale') return stale(member, isAccess, way)
  if (condition === 'swapped') return isAccess ? member.refresh : member.access
  return own
}

function bodyFor({ route, own, body, kind }: Planned, member: Member): unknown {
  if (!own) return body
  const { username, password, access } = member
  const owned: Record<string, object> = {
    exchangeToken: { token: kind === 'stale' ? stale(member, true, 0) : access },
    login: { username, password },
    changePassword: { current_password: password },
  }
  return { ...(body as object), ...owned[route.operation.operationId] }
}

function pathFor({ route, credential, parameters = {} }: Planned, { access, guest }: Member): string {
  const isOfAdmin = credential?.scheme === 'adminToken'
  const own: Record<string, string | undefined> = isOfAdmin
    ? { id: guest?.id, session_id: guest?.sessionId }
    : { id: sidOf(access) }
  const filled = route.path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const value = (parameters[name] === 'own' ? own[name] : parameters[name]) ?? ''
    return encodeURIComponent(value.toWellFormed() || 'x')
  })
  const query = Object.entries(parameters)
    .filter(([name, value]) => value !== undefined && !route.path.includes(`{${name}}`))
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}

/** The headers with a token */
function headersWith(token: string, { scheme }: Credential): Record<string, string> {
  if (scheme === 'refreshCookie') return { Cookie: `${COOKIE}=${token}` }
  if (scheme === 'deviceProof') return { 'Secure-Session-Response': token }
  if (scheme === 'introspectionBasic')
    return { Authorization: `Basic ${Buffer.from(`gateway:${token}`).toString('base64')}` }
  return { Authorization: `Bearer ${token}` }
}

const encoded = (type: string, body: unknown) =>
  type === 'application/json' ? JSON.stringify(body) : new URLSearchParams(Object(body)).toString()

/** The request as it is sent. */
export function concrete(planned: Planned, member: Member): Hostile {
  if (planned.hostile !== undefined) return planned.hostile
  const { route, credential } = planned
  const body = bodyFor(planned, member)
  const [type] = bodyOf(route)
  return {
    method: route.method,
    path: pathFor(planned, member),
    headers: {
      ...(body !== undefined && { 'Content-Type': type }),
      ...(credential && headersWith(tokenFor(member, credential), credential)),
    },
    body: body === undefined ? undefined : encoded(type, body),
    chunked: planned.who % 2 === 1,
  }
}

/** After these operations a new guest is needed. */
const OF_GUESTS = new Set(['deleteUser', 'deactivateUser', 'endUserSessions', 'endUserSession'])

/** Operations that end a session, also with a token that was valid once: that is a logout, or reuse. */
const ENDING = new Set(['refreshToken', 'exchangeToken', 'logout', 'logoutAll', 'endSession'])

/** The response shows whether the request ended a session or replaced its tokens. */
export function learn(
  planned: Planned,
  member: Member,
  { body: sent }: Hostile,
  { response, text }: Received,
): void {
  if (planned.hostile !== undefined) return
  const { operationId } = planned.route.operation
  const { status } = response
  const data = status === 200 && text.startsWith('{') ? JSON.parse(text) : {}
  if (planned.kind === 'stale') member.live &&= !ENDING.has(operationId)
  else if (operationId === 'refreshToken' && status === 200) {
    const cookie = /refresh_token=([^;]+)/.exec(response.headers.get('Set-Cookie') ?? '')?.[1]
    member.previous = member.refresh
    member.refresh = cookie ?? data.data.refresh_token
    member.access = data.data.access_token
  } else if (operationId === 'exchangeToken' && status === 200) member.access = data.access_token
  else if (operationId === 'changePassword' && status === 200) {
    member.password = JSON.parse(String(sent)).new_password
    const cookie = /refresh_token=([^;]+)/.exec(response.headers.get('Set-Cookie') ?? '')?.[1]
    member.refresh = cookie ?? data.data.refresh_token ?? member.refresh
    member.access = data.data.access_token
  } else if (OF_GUESTS.has(operationId) && status === 200) member.guest = undefined
  else if (['logout', 'logoutAll', 'endSession'].includes(operationId) && status === 200) member.live = false
}
