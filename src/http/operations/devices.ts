import type { Context } from 'hono'
import type { operations } from '../../../generated/types.ts'
import { COOKIE_MAX_AGE } from '../../proofs/dbsc.ts'
import { forgetDevice, refreshDevice, registerDevice } from '../../sessions/devices.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { boundName, setBoundCookie } from '../pipeline/credentials.ts'
import { clearBoundCookie, isDbscOn } from '../pipeline/devices.ts'
import { setHeader } from '../pipeline/headers.ts'
import { logEvents, originOf } from '../pipeline/record.ts'
import { cookieTokens } from './sessions.ts'

type Instructions = operations['registerDevice']['responses'][200]['content']['application/json']

/**
 * What the browser does for the session. Only requests to this service wait for a bound cookie: while it is down, those to the
 * application next to it would wait 20 s each.
 */
function instructions({ settings }: Core, identifier: string): Instructions {
  const { cookie, corsOrigins, publicUrl } = settings
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  const rule = (type: 'exclude' | 'include', path: string) => ({ type, domain: '*' as const, path })
  const ours = ['/refresh_token', '/api/auth'].map((path) => rule('include', `${prefix}${path}`))
  return {
    session_identifier: identifier,
    // Next to the registration
    refresh_url: 'refresh',
    scope: { include_site: false, scope_specification: [rule('exclude', '/'), ...ours] },
    credentials: [
      {
        type: 'cookie',
        name: boundName(cookie),
        attributes: `Path=/; Secure; HttpOnly; SameSite=${cookie.sameSite}`,
      },
    ],
    // "*" would let pages of all sites cause refreshes.
    allowed_refresh_initiators: corsOrigins.map((origin) => new URL(origin).hostname),
  }
}

// RFC 9651 §3.3.3: a string. Identifiers and challenges have no character that needs an escape.
const challenge = (c: Context<Env>, text: string, identifier: string) =>
  setHeader(c, 'Secure-Session-Challenge', `"${text}";id="${identifier}"`)

// The specification has strings in quotes (RFC 9651 §3.3.3). Chromium sends them bare.
const unquoted = (text: string | undefined) => text?.replace(/^"(.*)"$/, '$1')

/** Handlers of the contract's tag `devices`, which browsers call by themselves */
export const deviceHandlers = (core: Core): Pick<Handlers, 'registerDevice' | 'refreshDevice'> => ({
  async registerDevice(c, { json, failure }) {
    if (!isDbscOn(core)) return failure(404, 'Not found.')
    const result = await registerDevice(core, unquoted(c.req.header('Secure-Session-Response')) ?? '')
    if (result.outcome === 'invalid') return failure(401, 'Invalid device proof.')
    const { identifier } = result
    challenge(c, result.challenge, identifier)
    // One of another session would be taken for that of this one, until it expires.
    clearBoundCookie(c, core.settings)
    return json(200, instructions(core, identifier))
  },

  // Any 4xx but 403, 407 and 429 ends the session in the browser for good.
  async refreshDevice(c, { json, failure }) {
    const identifier = unquoted(c.req.header('Sec-Secure-Session-Id')) ?? ''
    if (!isDbscOn(core)) {
      await forgetDevice(core, identifier)
      return failure(404, 'Not found.')
    }
    const proof = unquoted(c.req.header('Secure-Session-Response'))
    const result = await refreshDevice(core, identifier, proof, cookieTokens(core, c), originOf(core, c))
    switch (result.outcome) {
      case 'ended':
        return failure(401, 'Device session has ended.')
      case 'challenged':
        challenge(c, result.challenge, identifier)
        return failure(403, 'Device proof required.')
      case 'proven':
        logEvents(core, c, result.events)
        challenge(c, result.challenge, identifier)
        setBoundCookie(c, core.settings, result.cookie, COOKIE_MAX_AGE)
        return json(200, instructions(core, identifier))
    }
  },
})
