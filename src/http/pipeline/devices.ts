/** Device bound sessions in requests and responses: see `docs/adr/0059-dbsc.md`. */
import type { Context } from 'hono'
import { challengeFor, keyOfCookie } from '../../proofs/dbsc.ts'
import type { DeviceProofs } from '../../sessions/devices.ts'
import { PROVES_NOTHING } from '../../sessions/devices.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { boundCookies, setBoundCookie } from './credentials.ts'
import { setHeader } from './headers.ts'

/** Browsers bind sessions only over https, and drop a cookie that is not Secure from such a session. */
export const isDbscOn = ({ settings }: Pick<Core, 'settings'>): boolean =>
  settings.dbsc === 'optional' && settings.cookie.secure

/**
 * @returns what the bound cookies of the request prove. It may be proven later if the browser could not renew the cookie, and says
 * so, or has sent one that is of another session or has expired here, but not by its clock.
 */
export function provenBy({ keys, now, settings }: Core, c: Context<Env>): DeviceProofs {
  if (settings.dbsc === 'off') return PROVES_NOTHING
  const cookies = boundCookies(c, settings)
  return {
    keyFor(sessionId) {
      const found = cookies.map((value) => keyOfCookie(keys.refresh, value, sessionId, now()))
      return found.find((key) => key !== undefined) ?? ''
    },
    mayRenew: () => cookies.length > 0 || c.req.header('Secure-Session-Skipped') !== undefined,
  }
}

/**
 * Asks the browser to make a key for the session. Other browsers ignore the header.
 *
 * @param directory that of /api/auth, relative to the path of the request: a proxy may have removed a prefix
 */
export function offerRegistration(core: Core, c: Context<Env>, sessionId: string, directory: string): void {
  if (!isDbscOn(core)) return
  const challenge = challengeFor(core.keys.refresh, 'registration', sessionId, core.now())
  const value = `(ES256);path="${directory}dbsc/registration";challenge="${challenge}"`
  setHeader(c, 'Secure-Session-Registration', value)
}

// Milliseconds. Until then the browser may be at the registration that came with the token.
const REGISTERING = 60_000

/**
 * {@link offerRegistration} with a rotation, unless the last answer has just offered one: Chromium signs six times in nine
 * minutes for all of a site, and after that neither registers a key nor renews a cookie.
 *
 * @param age of the presented token, in milliseconds
 */
export function offerAgain(core: Core, c: Context<Env>, sessionId: string, age = 0): void {
  if (age >= REGISTERING) offerRegistration(core, c, sessionId, 'api/auth/')
}

/** Clears a bound cookie that proves nothing: without one, the browser renews it before it tries again. */
export function clearBoundCookie(c: Context<Env>, settings: Core['settings']): void {
  if (boundCookies(c, settings).length > 0) setBoundCookie(c, settings, '', 0)
}
