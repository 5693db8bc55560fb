import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { routes } from '../../generated/routes.ts'
import type { Env, Handler, OperationId } from './contract.ts'
import type { Core } from './core.ts'
import { accountHandlers } from './operations/accounts.ts'
import { adminEventHandlers } from './operations/admin-events.ts'
import { adminSessionHandlers } from './operations/admin-sessions.ts'
import { adminUserHandlers } from './operations/admin-users.ts'
import { operationHandlers } from './operations/health.ts'
import { refreshHandlers } from './operations/refresh.ts'
import { sessionHandlers } from './operations/sessions.ts'
import { adminOnly, isAdminPath, unlessOff } from './pipeline/admin-access.ts'
import { refuseCrossSite, refuseCrossSiteLogin } from './pipeline/cross-site.ts'
import { errorHandler, invalidRequest } from './pipeline/errors.ts'
import { limited } from './pipeline/limits.ts'
import { checked, requestLog, requireJson } from './pipeline/requests.ts'
import { draftOf, failureDraft, respond, send } from './pipeline/respond.ts'

type App = OpenAPIHono<Env>
type Route = (typeof routes)[OperationId]

/** The service as a Hono app: each operation of the contract bound to its handler by `operationId`. */
export function createApp(core: Core): App {
  const app: App = new OpenAPIHono<Env>({
    defaultHook(result, c) {
      return result.success ? undefined : invalidRequest(core, c, result.error.issues)
    },
  })
  app.use(requestLog(core))
  if (core.settings.corsOrigins.length > 0) app.use(crossOrigin(core))
  app.use('/admin/*', unlessOff(core))

  const counted = limited(core, {
    ...refreshHandlers(core),
    ...accountHandlers(core),
    ...sessionHandlers(core),
    ...adminUserHandlers(core),
    ...adminSessionHandlers(core),
    ...adminEventHandlers(core),
    ...operationHandlers(core),
  })
  const handlers = refuseCrossSiteLogin(core, counted)
  for (const id of Object.keys(routes) as OperationId[]) {
    bind(app, core, routes[id], handlers[id] as Handler<OperationId>)
  }

  app.onError(errorHandler(core))
  app.notFound((c) => notFound(core, c))
  return app
}

function bind(app: App, core: Core, route: Route, handler: Handler<OperationId>): void {
  const path = route.getRoutingPath()
  const method = route.method.toUpperCase()
  const hasBody = 'request' in route && 'body' in route.request
  const hasParameters = path.includes(':')
  const hasQuery = 'request' in route && 'query' in route.request
  // No cookie counts for administration, so that no other site can make use of one.
  const checks = isAdminPath(path) ? [adminOnly(core)] : method === 'GET' ? [] : [refuseCrossSite(core)]
  if (hasBody) checks.push(requireJson(core))
  if (checks.length > 0) app.on(method, path, checked(core, checks))
  app.openapi(route, (async (c: Context<Env, string, { out: { json: unknown; query: unknown } }>) => {
    const body = hasBody ? c.req.valid('json') : undefined
    const query = hasQuery ? c.req.valid('query') : undefined
    const operation = {
      body,
      query,
      path: hasParameters ? lowerCaseIds(c.req.param()) : undefined,
      ...respond,
    }
    const reply = await handler(c, operation as unknown as Parameters<typeof handler>[1])
    return send(core, c, draftOf(reply))
  }) as never)
}

// RFC 9562 §4: "The alphabetic characters may be all uppercase, all lowercase, or mixed case."
const lowerCaseIds = (parameters: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      name.endsWith('id') ? value.toLowerCase() : value,
    ]),
  )

// In an app that is a part of another one (`route`), paths begin with something else.
const ADMIN = /\/admin\//

/**
 * CORS for the listed origins alone: to all others it is as if there were none, preflights included. Nor is there any
 * for administration: its token has no business in a page.
 */
function crossOrigin({ settings }: Core): MiddlewareHandler<Env> {
  const listed = cors({
    origin: [...settings.corsOrigins],
    credentials: true,
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
    maxAge: 600,
  })
  return async (c, next) => {
    if (settings.corsOrigins.includes(c.req.header('Origin') ?? '') && !ADMIN.test(c.req.path)) {
      const preflight = await listed(c, next)
      if (preflight !== undefined)
        for (const [name, value] of Object.entries(c.get('headers'))) preflight.headers.set(name, value)
      return preflight
    }
    c.get('headers')['Vary'] = 'Origin'
    return next()
  }
}

const paths = [...Map.groupBy(Object.values(routes), ({ path }) => path)].map(([path, onPath]) => ({
  // `{id}` stands for one segment.
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  allow: onPath.map(({ method }) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase())).join(', '),
}))

function notFound(core: Core, c: Context<Env>): Response {
  const path = paths.find(({ pattern }) => pattern.test(c.req.path))
  if (path === undefined) return send(core, c, failureDraft(404, 'Not found.'))
  c.get('headers')['Allow'] = path.allow
  return send(core, c, failureDraft(405, 'Method not allowed.'))
}
