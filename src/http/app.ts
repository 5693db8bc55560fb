import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { routes } from '../../generated/routes.ts'
import type { Env, Handler, OperationId } from './contract.ts'
import type { Core } from './core.ts'
import { pathToDocs } from './docs-redirect.ts'
import { accountHandlers } from './operations/accounts.ts'
import { adminEventHandlers } from './operations/admin-events.ts'
import { adminSessionHandlers } from './operations/admin-sessions.ts'
import { adminUserHandlers } from './operations/admin-users.ts'
import { deviceHandlers } from './operations/devices.ts'
import { operationHandlers } from './operations/health.ts'
import { refreshHandlers } from './operations/refresh.ts'
import { sessionHandlers } from './operations/sessions.ts'
import { verificationHandlers } from './operations/verification.ts'
import { wellKnownHandlers } from './operations/well-known.ts'
import { hideAdministration, requireAdminToken } from './pipeline/admin-access.ts'
import { checked } from './pipeline/checks.ts'
import { cutOff, errorHandler, invalidRequest } from './pipeline/errors.ts'
import { CHECKS, guarded } from './pipeline/guards.ts'
import { setHeader } from './pipeline/headers.ts'
import { invalidMembers } from './pipeline/invalid-members.ts'
import { identify, logRequests } from './pipeline/requests.ts'
import { draftOf, emptyDraft, failureDraft, respond, send } from './pipeline/respond.ts'
import { incomingOf } from './server/address.ts'
import { carryOut } from './server/early-refusals.ts'

type App = OpenAPIHono<Env>
type Route = (typeof routes)[OperationId]

// The path of a request may have a prefix before it, from `mount()` or `route()`.
const ADMIN = '/admin/'

/**
 * Creates the service as a Hono app with a handler for each operation of the contract.
 *
 * Serve it with {@link listen} or `@hono/node-server`, because it reads the client's address from the socket. To run it
 * inside another Hono app, use `mount()`, not `route()`: with `route()` the other app answers unknown paths.
 *
 * @param core from {@link createCore}. Call `core.store.close()` after the last request.
 * @returns the app
 * @example
 * ```ts
 * import { serve } from '@hono/node-server'
 * import { Hono } from 'hono'
 * import pino from 'pino'
 * import { createApp, createCore, readServiceSettings } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const app = new Hono()
 * app.mount('/auth', createApp(core).fetch)
 * serve({ fetch: app.fetch, port: 8787 })
 * ```
 */
export function createApp(core: Core): App {
  const app: App = new OpenAPIHono<Env>({
    defaultHook(result, c) {
      if (result.success) return undefined
      // On failure too it is what was validated: @hono/zod-validator's type leaves it out.
      const { data } = result as { readonly data?: unknown }
      return invalidRequest(core, c, invalidMembers(data, result.error.issues))
    },
  })
  app.use(logRequests(core), identify(core))
  if (core.settings.corsOrigins.length > 0) app.use(crossOrigin(core))
  app.use(`${ADMIN}*`, hideAdministration(core))

  const handlers = guarded(core, {
    ...refreshHandlers(core),
    ...accountHandlers(core),
    ...sessionHandlers(core),
    ...deviceHandlers(core),
    ...verificationHandlers(core),
    ...adminUserHandlers(core),
    ...adminSessionHandlers(core),
    ...adminEventHandlers(core),
    ...wellKnownHandlers(core),
    ...operationHandlers(core),
  })
  for (const id of Object.keys(routes) as OperationId[]) {
    const path = routes[id].getRoutingPath()
    if (path.startsWith(ADMIN) && !CHECKS[id].includes(requireAdminToken))
      throw new TypeError(`${id} does not require the admin token`)
    app.on(routes[id].method.toUpperCase(), path, checked(core, CHECKS[id]))
    bind(app, core, routes[id], handlers[id] as Handler<OperationId>)
  }

  app.onError(errorHandler(core))
  app.notFound((c) => notFound(core, c))
  return app
}

function bind(app: App, core: Core, route: Route, handler: Handler<OperationId>): void {
  const bodyIn = bodyOf(route)
  const hasQuery = 'request' in route && 'query' in route.request
  const hasParameters = route.path.includes('{')
  app.openapi(
    route,
    async (c: Context<Env, string, { out: { json: unknown; form: unknown; query: unknown } }>) => {
      const refused = cutOff(core, c)
      if (refused !== undefined) return refused
      const incoming = incomingOf(c)
      if (incoming !== undefined) carryOut(incoming)
      // Spread first: V8 then copies the object at once.
      const operation = {
        ...respond,
        body: bodyIn && c.req.valid(bodyIn),
        query: hasQuery ? c.req.valid('query') : undefined,
        path: hasParameters ? lowerCaseUuids(route.path, c.req.param()) : undefined,
      }
      const reply = await handler(c, operation as Parameters<typeof handler>[1])
      return send(core, c, draftOf(reply))
    },
  )
}

const bodyOf = (route: Route) =>
  'request' in route && 'body' in route.request
    ? 'application/json' in route.request.body.content
      ? 'json'
      : 'form'
    : undefined

// RFC 9562 §4: "The alphabetic characters may be all uppercase, all lowercase, or mixed case."
// In administration, `id` is that of a user, which may be any text.
const lowerCaseUuids = (path: string, parameters: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      name === 'session_id' || (name === 'id' && !path.startsWith(ADMIN)) ? value.toLowerCase() : value,
    ]),
  )

/**
 * CORS for the listed origins only. Other origins get no headers, not even for a preflight. Administration has no CORS,
 * because its token does not belong in a page.
 */
function crossOrigin({ settings }: Core): MiddlewareHandler<Env> {
  const listed = cors({
    origin: [...settings.corsOrigins],
    credentials: true,
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'DPoP', 'X-Request-Id', ...settings.corsAllowedHeaders],
    exposeHeaders: [
      'X-Request-Id',
      'Rekindle-Error',
      'DPoP-Nonce',
      'Deprecation',
      'Retry-After',
      'RateLimit',
      'RateLimit-Policy',
      'WWW-Authenticate',
    ],
    maxAge: 600,
  })
  return async (c, next) => {
    if (settings.corsOrigins.includes(c.req.header('Origin') ?? '') && !c.req.path.includes(ADMIN)) {
      const preflight = await listed(c, next)
      if (preflight !== undefined)
        for (const [name, value] of Object.entries(c.get('headers'))) preflight.headers.set(name, value)
      return preflight
    }
    setHeader(c, 'Vary', 'Origin')
    return next()
  }
}

const paths = [...Map.groupBy(Object.values(routes), ({ path }) => path)].map(([path, onPath]) => ({
  // `{id}` matches one segment.
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  allow: onPath.map(({ method }) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase())).join(', '),
}))

function notFound(core: Core, c: Context<Env>): Response {
  const toDocs = pathToDocs(c)
  if (toDocs !== undefined) {
    setHeader(c, 'Location', toDocs)
    return send(core, c, emptyDraft(302))
  }
  const path = paths.find(({ pattern }) => pattern.test(c.req.path))
  if (path === undefined) return send(core, c, failureDraft(404, 'Not found.'))
  setHeader(c, 'Allow', path.allow)
  return send(core, c, failureDraft(405, 'Method not allowed.'))
}
