/** What happens to every request before and after its operation. */
import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { addressReader } from '../server/address.ts'
import { securityHeaders } from '../server/listen.ts'

// Too short for a token
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Gives the request its id, the client's address and the headers of its response. */
export function identify({ settings }: Core): MiddlewareHandler<Env> {
  const addressOf = addressReader(settings.trustProxy)
  const security = securityHeaders()
  return async (c, next) => {
    const given = c.req.header('X-Request-Id')
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID()
    c.set('requestId', requestId)
    c.set('address', addressOf(c))
    c.set('headers', { ...(await security), 'X-Request-Id': requestId })
    await next()
    // The events of the request are on the disk before its answer is sent.
    await c.get('recorded')
  }
}

/** Answers `Connection: close` while the service stops: an idle connection would be closed with a request on its way. */
export function closeWhileDraining({ shutdown }: Core): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    if (shutdown.draining) c.header('Connection', 'close')
  }
}

/** Measures each request, and writes a line in the log. */
export function logRequests(core: Core): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now()
    await next()
    const duration = performance.now() - started
    // The template of the path: what was sent may contain a token.
    const route = routePath(c, -1)
    core.metrics?.answered(c.req.method, route, c.res.status, duration / 1000)
    logLine(core, c, route, duration)
  }
}

function logLine(core: Core, c: Context<Env>, route: string, duration: number): void {
  try {
    core.log.info(
      {
        ...c.get('outcome'),
        request_id: c.get('requestId'),
        method: c.req.method,
        route,
        status: c.res.status,
        duration_ms: Math.round(duration * 100) / 100,
        address: c.get('address'),
      },
      'request',
    )
  } catch {
    // A log that cannot be written is no reason to call a request failed that was carried out.
  }
}
