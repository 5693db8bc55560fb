import type { Context } from 'hono'
import { generateCookie } from 'hono/cookie'
import { parse } from 'hono/utils/cookie'
import type { Settings } from '../../config/settings.ts'
import type { Env } from '../contract.ts'
import { setHeader } from './headers.ts'

// The scheme is case-insensitive (RFC 9110 §11.1). Spaces must follow it (§11.4); tabs are tolerated.
const BEARER = /^Bearer[ \t]+(\S.*)$/i
// RFC 9449 §7.1, for tokens that are bound to a key
const DPOP = /^DPoP[ \t]+(\S.*)$/i
const EITHER = /^(?:Bearer|DPoP)[ \t]+(\S.*)$/i

// Several lines of one header are joined by commas (RFC 9110 §5.3). A scheme and white space begin a line.
const NEXT_LINE = /,[ \t]*(?=[a-z]+[ \t])/i

// Each of them may cost a signature, and logout writes for each.
const MAX_CREDENTIALS = 8

/** Each value once: clients and proxies may repeat a header or a cookie. */
const distinct = (values: string[]) =>
  values.length > 1 ? [...new Set(values)].slice(0, MAX_CREDENTIALS) : values

function tokenOf(scheme: RegExp, line: string): string[] {
  const token = scheme.exec(line)?.[1]
  return token === undefined ? [] : [token]
}

/** The tokens in `Authorization: Bearer …` (RFC 6750 §2.1). More than one only if a client sends several lines. */
export const bearerTokens = (c: Context<Env>): string[] => tokensAfter(BEARER, c)

/** The tokens in `Authorization: DPoP …` */
export const dpopTokens = (c: Context<Env>): string[] => tokensAfter(DPOP, c)

/** The tokens of either scheme, where a refresh token may be sent by both */
export const sentTokens = (c: Context<Env>): string[] => tokensAfter(EITHER, c)

function tokensAfter(scheme: RegExp, c: Context<Env>): string[] {
  const header = c.req.header('Authorization')
  if (header === undefined) return []
  // Almost every request has one line at most, and is not searched for more.
  if (!header.includes(',')) return tokenOf(scheme, header)
  return distinct(header.split(NEXT_LINE).flatMap((line) => tokenOf(scheme, line)))
}

/** For operations that take one credential. Different tokens become one text, which is not a token. */
export function bearerToken(c: Context<Env>): string | undefined {
  const tokens = bearerTokens(c)
  return tokens.length > 1 ? tokens.join(', ') : tokens[0]
}

type CookieSettings = Pick<Settings, 'cookie'>
type AdoptionSettings = Pick<Settings, 'adoption'>

/**
 * The refresh cookies that are not empty. A browser sends several of one name if they differ in path or domain: another
 * subdomain may have set one. They are parsed one by one, because hono's `getCookie` returns only the first of a name.
 */
export function refreshCookies(c: Context<Env>, { cookie: { name } }: CookieSettings): string[] {
  const header = c.req.header('Cookie')
  if (header?.includes(name) !== true) return []
  return distinct(header.split(';').flatMap((pair) => parse(pair, name)[name] || []))
}

/** The cookies in which browsers have a refresh token of another system, while such tokens are adopted */
export function foreignCookies(
  c: Context<Env>,
  { cookie, adoption }: CookieSettings & AdoptionSettings,
): string[] {
  const name = adoption?.cookieName
  return name === undefined || name === cookie.name ? [] : refreshCookies(c, { cookie: { ...cookie, name } })
}

/** The bound cookies of a request, as {@link refreshCookies} */
export const boundCookies = (c: Context<Env>, { cookie }: CookieSettings): string[] =>
  refreshCookies(c, { cookie: { ...cookie, name: boundName(cookie) } })

/** The name of the cookie that proves the device */
export const boundName = ({ name }: Pick<Settings['cookie'], 'name'>): string => `${name}-bound`

const attributes = ({ secure, sameSite }: Settings['cookie']) => ({
  path: '/',
  secure,
  httpOnly: true,
  sameSite,
})

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
  setHeader(c, 'Set-Cookie', generateCookie(cookie.name, refreshToken, { ...attributes(cookie), maxAge }))
}

/** Clears the cookie if the request sent one. */
export function clearRefreshCookie(c: Context<Env>, settings: CookieSettings): void {
  if (refreshCookies(c, settings).length === 0) return
  const { cookie } = settings
  setHeader(c, 'Set-Cookie', generateCookie(cookie.name, '', { ...attributes(cookie), maxAge: 0 }))
}

/** Sets the cookie that proves the device. @param maxAge seconds; 0 clears it */
export function setBoundCookie(
  c: Context<Env>,
  { cookie }: CookieSettings,
  value: string,
  maxAge: number,
): void {
  setHeader(c, 'Set-Cookie', generateCookie(boundName(cookie), value, { ...attributes(cookie), maxAge }))
}
