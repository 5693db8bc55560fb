import type { Context } from 'hono'
import { generateCookie, getCookie } from 'hono/cookie'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'
import { setHeader } from './headers.ts'

/** The token in `Authorization: Bearer …` (RFC 6750 §2.1); the scheme in any case (RFC 9110 §11.1). */
export function bearerToken(c: Context<Env>): string | undefined {
  return /^Bearer +(\S.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
}

type CookieSettings = Pick<Settings, 'cookie'>

export function refreshCookie(c: Context<Env>, { cookie }: CookieSettings): string | undefined {
  // An emptied cookie is none.
  return getCookie(c, cookie.name) || undefined
}

const attributes = (secure: boolean) => ({ path: '/', secure, httpOnly: true, sameSite: 'Strict' as const })

// RFC 6265bis §5.5: no browser keeps one for longer than 400 days. In seconds.
const MAX_COOKIE_AGE = 34_560_000

/** @param expiresAt of the refresh token, milliseconds since the epoch @param now likewise */
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

/** Only where the request carried one: nobody else's response is cluttered. */
export function clearRefreshCookie(c: Context<Env>, settings: CookieSettings): void {
  if (refreshCookie(c, settings) === undefined) return
  const { name, secure } = settings.cookie
  setHeader(c, 'Set-Cookie', generateCookie(name, '', { ...attributes(secure), maxAge: 0 }))
}
