import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { routes } from '../../generated/routes.ts'
import { accountHandlers } from './accounts.ts'
import type { Env, Handler, Handlers, OperationId } from './contract.ts'
import type { Core } from './core.ts'
import { refuseCrossSite } from './cross-site.ts'
import { errorHandler, invalidRequest } from './errors.ts'
import { operationHandlers } from './operations.ts'
import { refreshHandlers } from './refresh.ts'
import { limitBody, requestLog, requireJson } from './requests.ts'
import { draftOf, failureDraft, respond, send } from './respond.ts'
import { sessionHandlers } from './sessions.ts'

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

  const handlers: Handlers = {
    ...refreshHandlers(core),
    ...accountHandlers(core),
    ...sessionHandlers(core),
    ...operationHandlers(core),
  }
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
  if (method !== 'GET') app.on(method, path, refuseCrossSite(core), limitBody(core))
  if (hasBody) app.on(method, path, requireJson(core))
  app.openapi(route, (async (c: Context<Env, string, { out: { json: unknown; param: unknown } }>) => {
    const operation = { body: hasBody ? c.req.valid('json') : undefined, path: c.req.param(), ...respond }
    const reply = await handler(c, operation as unknown as Parameters<typeof handler>[1])
    return send(core, c, draftOf(reply))
  }) as never)
}

/** CORS for the listed origins alone: to all others it is as if there were none, preflights included. */
function crossOrigin({ settings }: Core): MiddlewareHandler<Env> {
  const listed = cors({
    origin: [...settings.corsOrigins],
    credentials: true,
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate'],
    maxAge: 600,
  })
  return async (c, next) => {
    if (settings.corsOrigins.includes(c.req.header('Origin') ?? '')) {
      const preflight = await listed(c, next)
      if (preflight !== undefined)
        for (const [name, value] of Object.entries(c.var.headers)) preflight.headers.set(name, value)
      return preflight
    }
    c.var.headers['Vary'] = 'Origin'
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
  c.var.headers['Allow'] = path.allow
  return send(core, c, failureDraft(405, 'Method not allowed.'))
}
