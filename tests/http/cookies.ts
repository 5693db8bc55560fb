/** Helpers for cookie mode. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { cookiesOf } from '../support/tokens.ts'

export const HOST = '__Host-refresh_token'
const SECURE = { cookie: { name: HOST, secure: true, sameSite: 'Strict' } } as const

export interface CookieWorld {
  readonly service: Service
  readonly name: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** A service, and a user with a session in cookie mode. */
export async function startWithCookie(
  t: TestContext,
  overrides: Partial<Settings> = {},
): Promise<CookieWorld> {
  const service = await startService(t, { ...SECURE, ...overrides })
  await service.register()
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const answer = await service.request('/api/auth/login', { json })
  assert.equal(answer.status, 200)
  const [cookie] = cookiesOf(answer)
  assert.ok(cookie !== undefined)
  return {
    service,
    name: cookie.name,
    accessToken: answer.body.data.access_token,
    refreshToken: cookie.value,
  }
}

/** A POST with the refresh cookie and other cookies. */
export const post = (
  { service, name }: CookieWorld,
  value: string,
  path = '/refresh_token',
  bearer?: string,
) => service.request(path, { method: 'POST', cookie: `other=1; ${name}=${value}; more=2`, bearer })
