/** Tokens as other systems make them, and a service that adopts them. */
import { createHmac, randomUUID } from 'node:crypto'
import type { Secrets, Settings } from '../../src/config/settings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import { foldCase } from '../../src/users/fold-case.ts'
import type { DialectContext } from '../support/database.ts'
import type { Clock, Service } from '../support/service.ts'
import { startService } from '../support/service.ts'

export const FOREIGN_SECRET = 'the-old-application-had-this-one'

export const NOW = Date.UTC(2026, 10, 22, 8, 0, 0, 123)
const DAY = 86_400

type Claims = Readonly<Record<string, unknown>>

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** HS256, or HS512 by the header, as PyJWT and jsonwebtoken make it */
export function signForeign(
  claims: Claims,
  { secret = FOREIGN_SECRET, header = {} }: { readonly secret?: string; readonly header?: object } = {},
): string {
  const signed = { alg: 'HS256', typ: 'JWT', ...header }
  const input = `${part(signed)}.${part(claims)}`
  return `${input}.${createHmac(signed.alg === 'HS512' ? 'sha512' : 'sha256', secret)
    .update(input)
    .digest('base64url')}`
}

/** A refresh token of Flask-JWT-Extended */
export const foreignRefresh = (claims: Claims = {}, now = NOW): string => {
  const iat = Math.floor(now / 1000)
  return signForeign({
    ...{ fresh: false, iat, jti: randomUUID(), type: 'refresh', sub: '42', nbf: iat, exp: iat + 30 * DAY },
    ...claims,
  })
}

/** Its access token, which has expired */
export const foreignAccess = (claims: Claims = {}, now = NOW): string => {
  const iat = Math.floor(now / 1000) - 1000
  return foreignRefresh({ type: 'access', fresh: true, iat, nbf: iat, exp: iat + 900, ...claims }, now)
}

export const ADOPTION: NonNullable<Settings['adoption']> = {
  until: NOW + 60 * DAY * 1000,
  algorithms: ['HS256'],
  issuer: undefined,
  audience: undefined,
  userClaim: 'sub',
  userBy: 'id',
  kinds: { refresh: { claim: 'type', value: 'refresh' }, access: { claim: 'type', value: 'access' } },
  cookieName: undefined,
}

export const FOREIGN_KEY: NonNullable<Secrets['adoption']> = {
  secret: Buffer.from(FOREIGN_SECRET),
  isShared: false,
}

export interface Options {
  readonly settings?: Partial<Settings>
  readonly adoption?: Partial<typeof ADOPTION>
  readonly key?: Secrets['adoption']
  readonly clock?: Clock
}

/** A service that adopts, with a user 42 whose name is ada */
export async function adopting(
  t: Pick<DialectContext, 'after'> & { readonly dialect?: DialectContext['dialect'] },
  { settings = {}, adoption = {}, key = FOREIGN_KEY, clock = { now: NOW } }: Options = {},
): Promise<Service> {
  const service = await startService(
    t,
    { adoption: { ...ADOPTION, ...adoption }, ...settings },
    clock,
    undefined,
    { adoption: key },
  )
  await addForeignUser(service)
  return service
}

export async function addForeignUser({ core }: Service, id = '42', username = 'ada'): Promise<void> {
  const user = { id, username, usernameKey: foldCase(username), passwordHash: 'a hash', now: NOW }
  await insertUser(core.db, user, OPERATOR)
}

/** All sessions, for a comparison with what is expected */
export const sessionsOf = ({ core }: Service) =>
  core.db
    .selectFrom('sessions')
    .select(['id', 'user_id', 'generation', 'revoked_reason', 'cookie_at', 'jkt'])
    .orderBy('id')
    .execute()
