/** What happens to every request before and after its handler. */
import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { addressReader } from '../server/address.ts'
import { securityHeaders } from '../server/listen.ts'
import { failureDraft, send } from './respond.ts'

// Short enough that no token passes for one.
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

const MAX_BODY = 16 * 1024
const JSON_TYPE = 'application/json'

/** An id for each request, and one log line. The path is logged as its template: what was sent may hold a token. */
export function requestLog(core: Core): MiddlewareHandler<Env> {
  const address = addressReader(core.settings.trustProxy)
  let security: Readonly<Record<string, string>> | undefined
  return async (c, next) => {
    const started = performance.now()
    security ??= await securityHeaders()
    const given = c.req.header('X-Request-Id')
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID()
    c.set('requestId', requestId)
    c.set('address', address(c))
    c.set('headers', { ...security, 'X-Request-Id': requestId })
    await next()
    const recorded = c.get('recorded')
    if (recorded !== undefined) await recorded
    // A connection that is kept alive would be cut with a request on it.
    if (core.shutdown.draining) c.header('Connection', 'close')
    const duration = performance.now() - started
    core.metrics?.answered(c.req.method, routePath(c, -1), c.res.status, duration / 1000)
    try {
      core.log.info(
        {
          ...c.get('outcome'),
          request_id: c.get('requestId'),
          method: c.req.method,
          route: routePath(c, -1),
          status: c.res.status,
          duration_ms: Math.round(duration * 100) / 100,
          address: c.get('address'),
        },
        'request',
      )
    } catch {
      // Nowhere to tell it, and no reason to call a failure what was done and written.
    }
  }
}

/** Looks at a request before its operation. @returns the response when that is not to run */
export type Check = (c: Context<Env>) => Response | undefined

/** One after the other, before the body is read. */
export function checked(core: Core, checks: readonly Check[]): MiddlewareHandler<Env> {
  const tooLarge = (c: Context<Env>) => send(core, c, failureDraft(413, 'Request body too large.'))
  const counted = bodyLimit({ maxSize: MAX_BODY, onError: tooLarge })
  return async (c, next) => {
    for (const check of checks) {
      const refusal = check(c)
      if (refusal !== undefined) return refusal
    }
    // Nobody reads the body of one.
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    // It makes a stream of any body, even where the length was told and node:http sees to it.
    if (c.req.header('Transfer-Encoding') !== undefined) return counted(c, next)
    return Number(c.req.header('Content-Length') ?? 0) > MAX_BODY ? tooLarge(c) : next()
  }
}

/** RFC 9110 §15.5.16: "due to the request's indicated Content-Type or Content-Encoding" */
export function requireJson(core: Core): Check {
  return (c) => {
    const type = c.req.header('Content-Type')
    const encoding = c.req.header('Content-Encoding')?.toLowerCase() ?? 'identity'
    if (type?.split(';')[0]?.trim().toLowerCase() === JSON_TYPE && encoding === 'identity') {
      // What may follow it (RFC 9110 §5.6.6: `; charset=utf-8`, ` ;`) says nothing, and the validator knows not all of it.
      if (type !== JSON_TYPE) c.req.raw.headers.set('Content-Type', JSON_TYPE)
      return undefined
    }
    return send(core, c, failureDraft(415, 'Unsupported media type.'))
  }
}
