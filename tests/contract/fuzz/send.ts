/** Makes a request from a plan: inserts the current tokens, and reads the next ones from the response. */

import { sign } from 'node:crypto'
import type { Hostile, Received } from '../../http/malformed/send.ts'
import { ADMIN_TOKEN } from '../../support/service.ts'
import * as jwt from '../../support/tokens.ts'
import { respelt, sidOf } from '../../support/tokens.ts'
import type { Credential, Planned } from './requests.ts'
import type { Member } from './world.ts'
import { PAIR, SECRET } from './world.ts'

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
  if (scheme === 'adminToken') {
    if (condition === 'forged') return flipped(ADMIN_TOKEN, way)
    return condition === 'swapped' ? member.access : ADMIN_TOKEN
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

/** The request as it is sent. */
export function concrete(planned: Planned, member: Member): Hostile {
  if (planned.hostile !== undefined) return planned.hostile
  const { route, credential } = planned
  const body = bodyFor(planned, member)
  const token = credential && tokenFor(member, credential)
  return {
    method: route.method,
    path: pathFor(planned, member),
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(credential?.scheme === 'refreshCookie' && { Cookie: `${COOKIE}=${token}` }),
      ...(token !== undefined &&
        credential?.scheme !== 'refreshCookie' && { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
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
