import type { Context } from 'hono'
import { generateCookie, getCookie } from 'hono/cookie'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'
import { setHeader } from './headers.ts'

/** The token in `Authorization: Bearer …` (RFC 6750 §2.1). The scheme is case-insensitive (RFC 9110 §11.1). */
export function bearerToken(c: Context<Env>): string | undefined {
  return /^Bearer +(\S.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
}

type CookieSettings = Pick<Settings, 'cookie'>

export function refreshCookie(c: Context<Env>, { cookie }: CookieSettings): string | undefined {
  // A cookie with an empty value counts as missing.
  return getCookie(c, cookie.name) || undefined
}

const attributes = (secure: boolean) => ({ path: '/', secure, httpOnly: true, sameSite: 'Strict' as const })

// Seconds. RFC 6265bis §5.5 limits cookies to 400 days.
const MAX_COOKIE_AGE = 34_560_000

/** @param expiresAt of the refresh token. Times are in milliseconds since the epoch. */
export function setRefreshCookie(
  c: Context<Env>,
  { cookie }: CookieSettings,
  refreshToken: string,
  expiresAt: number,
  now: number,
): void {
  const maxAge = Math.min(Math.floor(expiresAt / 1000) - Math.floor(now / 1000), MAX_COOKIE_AGE)
  setHeader(
    c,
    'Set-Cookie',
    generateCookie(cookie.name, refreshToken, { ...attributes(cookie.secure), maxAge }),
  )
}

/** Clears the cookie if the request sent one. */
export function clearRefreshCookie(c: Context<Env>, settings: CookieSettings): void {
  if (refreshCookie(c, settings) === undefined) return
  const { name, secure } = settings.cookie
  setHeader(c, 'Set-Cookie', generateCookie(name, '', { ...attributes(secure), maxAge: 0 }))
}
