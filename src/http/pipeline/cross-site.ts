/** Cross-site request forgery: who may send the refresh cookie. See docs/adr/0018-cross-site-requests.md. */
import type { Context } from 'hono'
import type { Settings } from '../../config/settings.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { refreshCookie } from './credentials.ts'
import { record } from './record.ts'
import type { Check } from './requests.ts'
import { failureDraft, send } from './respond.ts'

/** What browsers say of where a request comes from, and pages cannot change. */
export interface Provenance {
  /** `Sec-Fetch-Site` */
  readonly site: string | undefined
  /** `Origin` */
  readonly origin: string | undefined
  /** `Host` */
  readonly host: string | undefined
}

type OriginSettings = Pick<Settings, 'cookie' | 'corsOrigins'>

/** Whether a page of an origin that is neither this service's own nor in `CORS_ORIGINS` has made a browser send this. */
export function isCrossSite({ site, origin, host = '' }: Provenance, settings: OriginSettings): boolean {
  if (site === 'same-origin' || site === 'none') return false
  // Neither: no browser, and nobody's cookies but those of who calls.
  if (origin === undefined) return site !== undefined
  if (settings.corsOrigins.includes(origin)) return false
  return site !== undefined || !isOwn(origin, host, settings.cookie.secure)
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

// TLS may end in front of this service, which does not see it; but a Secure cookie comes by https only, or on loopback.
function isOwn(origin: string, host: string, secure: boolean): boolean {
  const schemes = secure && !LOOPBACK.test(host) ? ['https'] : ['https', 'http']
  return schemes.some((scheme) => URL.parse(`${scheme}://${host}`)?.origin === origin)
}

/** {@link isCrossSite} of a request */
export function comesCrossSite(c: Context<Env>, settings: OriginSettings): boolean {
  const site = c.req.header('Sec-Fetch-Site')
  const origin = c.req.header('Origin')
  if (site === undefined && origin === undefined) return false
  return isCrossSite({ site, origin, host: c.req.header('Host') }, settings)
}

/** Before anything is read or changed. The cookie is looked for last: nearly all requests are done by then. */
export function refuseCrossSite(core: Core): Check {
  return (c) => {
    const { settings } = core
    if (!comesCrossSite(c, settings) || refreshCookie(c, settings) === undefined) return undefined
    record(core, c, 'token.refused', { reason: 'cross_site' })
    return send(core, c, failureDraft(403, 'Cross-site request refused.'))
  }
}

/**
 * A login that asks for the cookie: somebody else's session, put into a browser, would be used by its user as their own.
 * It stands before all that counts it, or a page could keep its visitors' accounts from logging in.
 */
export function refuseCrossSiteLogin(core: Core, handlers: Handlers): Handlers {
  return {
    ...handlers,
    login(c, operation) {
      if (operation.body.cookie !== true || !comesCrossSite(c, core.settings))
        return handlers.login(c, operation)
      record(core, c, 'login.failed', { reason: 'cross_site' })
      return operation.failure(403, 'Cross-site request refused.')
    },
  }
}
