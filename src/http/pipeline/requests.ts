/** Middleware for every request. */
import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { addressReader } from '../server/address.ts'
import { securityHeaders } from '../server/listen.ts'
import { looksLikeCredential, plainPath } from './secrets-in-text.ts'

// At most 64 characters, which is too short for a token, but not for a secret
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz'])

// A hundred followers would write a hundred lines for each ending.
const isPoll = (route: string, status: number) => route === '/revocations' && status < 400

/** Sets the request's id, the client's address and the first headers of the response. */
export function identify({ settings, log, holdsSecret, shutdown }: Core): MiddlewareHandler<Env> {
  const addressOf = addressReader(settings.trustProxy)
  const security = securityHeaders()
  let mayWarn = settings.trustProxy === false
  return async (c, next) => {
    const given = c.req.header('X-Request-Id')
    // The id is logged and sent back.
    const isUsable =
      given !== undefined && REQUEST_ID.test(given) && !holdsSecret(given) && !looksLikeCredential(given)
    const requestId = isUsable ? given : randomUUID()
    c.set('requestId', requestId)
    c.set('address', addressOf(c))
    // Once: any client can send the header.
    if (mayWarn && c.req.header('X-Forwarded-For') !== undefined) {
      mayWarn = false
      log.warn(
        'a request has X-Forwarded-For, but TRUST_PROXY is not set: behind a proxy, all clients would share one address and its limits',
      )
    }
    c.set('headers', { ...(await security), 'X-Request-Id': requestId })
    await next()
    // Events must be on disk before the answer is sent.
    await c.get('recorded')
    // While the service stops, a request on an idle connection would meet its close.
    if (shutdown.draining) c.header('Connection', 'close')
  }
}

/** Measures and logs each request. */
export function logRequests(core: Core): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now()
    await next()
    const duration = performance.now() - started
    // The template, because the path itself may contain a token.
    const route = routePath(c, -1)
    core.metrics?.answered(c.req.method, route, c.res.status, duration / 1000)
    if (isPoll(route, c.res.status)) return
    if (core.settings.logProbes || !PROBES.has(route) || c.res.status !== 200)
      logLine(core, c, route, duration)
  }
}

// Only a request that matches no operation has a route with an asterisk, at the end.
const isUnknown = (c: Context<Env>, route: string) => c.res.status === 404 || route.endsWith('*')

function logLine(core: Core, c: Context<Env>, route: string, duration: number): void {
  try {
    core.log.info(
      {
        user_id: c.get('access')?.userId,
        ...c.get('outcome'),
        request_id: c.get('requestId'),
        method: c.req.method,
        route,
        path: isUnknown(c, route) ? plainPath(c.req.path, core.holdsSecret) : undefined,
        status: c.res.status,
        duration_ms: Math.round(duration * 100) / 100,
        address: c.get('address'),
        error: c.get('error'),
      },
      'request',
    )
  } catch {
    // The request was carried out, so a failing log must not make it fail.
  }
}
