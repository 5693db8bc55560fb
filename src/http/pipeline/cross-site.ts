/** Protects the refresh cookie from cross-site request forgery. See docs/adr/0018-cross-site-requests.md. */
import type { Context } from 'hono'
import { isLoopback } from '../../config/network.ts'
import type { Settings } from '../../config/settings.ts'
import type { Env, Handler } from '../contract.ts'
import type { Core } from '../core.ts'
import type { Check } from './checks.ts'
import { foreignCookies, refreshCookies } from './credentials.ts'
import { recordRefusal } from './record.ts'
import { failureDraft, send } from './respond.ts'

/** Headers in which browsers state the origin of a request. Pages cannot change them. */
export interface Provenance {
  /** `Sec-Fetch-Site` */
  readonly site: string | undefined
  /** `Origin` */
  readonly origin: string | undefined
  /** `Host` */
  readonly host: string | undefined
}

type OriginSettings = Pick<Settings, 'cookie' | 'corsOrigins'>

/** Whether a browser sent the request for a page of another origin, neither the service's own nor in `CORS_ORIGINS`. */
export function isCrossSite({ site, origin, host = '' }: Provenance, settings: OriginSettings): boolean {
  if (site === 'same-origin' || site === 'none') return false
  // Without both headers, the request does not come from a browser.
  if (origin === undefined) return site !== undefined
  if (settings.corsOrigins.includes(origin)) return false
  return site !== undefined || !isOwn(origin, host, settings.cookie.secure)
}

// TLS may end at a proxy, so the scheme is unknown. But browsers send a Secure cookie only over https, or on loopback.
function isOwn(origin: string, host: string, secure: boolean): boolean {
  const schemes = secure && !isLoopback(host.replace(/:\d+$/, '')) ? ['https'] : ['https', 'http']
  return schemes.some((scheme) => URL.parse(`${scheme}://${host}`)?.origin === origin)
}

/** {@link isCrossSite} of a request */
export function comesCrossSite(c: Context<Env>, settings: OriginSettings): boolean {
  const site = c.req.header('Sec-Fetch-Site')
  const origin = c.req.header('Origin')
  if (site === undefined && origin === undefined) return false
  return isCrossSite({ site, origin, host: c.req.header('Host') }, settings)
}

/** Refuses cross-site requests with the refresh cookie. The cookie is parsed last, because few requests get that far. */
export const refuseCrossSite: Check = (core, c) => {
  const { settings } = core
  if (!comesCrossSite(c, settings)) return undefined
  if (refreshCookies(c, settings).length + foreignCookies(c, settings).length === 0) return undefined
  recordRefusal(core, c, 'token.refused', { reason: 'cross_site' })
  return send(core, c, failureDraft(403, 'Cross-site request refused.'))
}

const OTHER_SITE =
  'The browser would drop the cookie of another site. Use one site for page and service (localhost and 127.0.0.1 are two), or log in without cookie.'
const PLAIN_HTTP =
  'The browser would drop the cookie, which is Secure, over plain http. Use https, set COOKIE_SECURE=false, or log in without cookie.'

/** Why the browser would drop the cookie of a login: the login would seem to succeed, until a reload. */
function whyDropped(c: Context<Env>, { cookie }: OriginSettings) {
  const site = c.req.header('Sec-Fetch-Site')
  // `Origin` and `Host` would not be certain, because proxies may replace `Host`.
  if (site === 'cross-site') return OTHER_SITE
  // Browsers leave that header out of requests over plain http, except on loopback.
  const [, host] = /^http:\/\/(.*?)(:\d+)?$/.exec(c.req.header('Origin') ?? '') ?? []
  return site === undefined && cookie.secure && host !== undefined && !isLoopback(host)
    ? PLAIN_HTTP
    : undefined
}

/**
 * Refuses a login that asks for the cookie and cannot have it. An attacker's page could otherwise make its visitors use the
 * attacker's account. This runs before the limits, because such a page could use up its visitors' attempts.
 */
export const refuseCrossSiteLogin =
  (core: Core, handler: Handler<'login'>): Handler<'login'> =>
  (c, operation) => {
    if (operation.body.cookie !== true) return handler(c, operation)
    const { settings } = core
    // The own page over plain http is not foreign: the other message helps.
    const isForeign = comesCrossSite(c, { ...settings, cookie: { ...settings.cookie, secure: false } })
    const refusal = isForeign ? 'Cross-site request refused.' : whyDropped(c, settings)
    if (refusal === undefined) return handler(c, operation)
    recordRefusal(core, c, 'login.failed', { reason: 'cross_site' })
    return operation.failure(403, refusal)
  }
