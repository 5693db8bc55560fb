/** Provocations of the responses that many operations share, derived from a request that succeeds. */
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../../src/store/queries/users.ts'
import type { Request } from '../../support/service.ts'
import { DAY, MINUTE } from '../../support/service.ts'
import type { World } from '../../support/world.ts'
import { crowd, forge, hideTables, limit, lockDatabase } from '../../support/world.ts'

export interface Ask {
  readonly path: string
  readonly request: Request
  /** The number of simultaneous requests. The response with the wanted status counts. */
  readonly times?: number
}

/** Prepares a world and returns the request that gets the response there. */
export type Provocation = (world: World) => Ask | Promise<Ask>

/** By `<status> <name of the example>`, with the media type between them if it is not JSON. */
export type Provocations = Readonly<Record<string, Provocation | readonly Provocation[]>>

const MAX_BODY = 16 * 1024
const padded = (text: string) => ' '.repeat(MAX_BODY + 1 - text.length) + text

/** @returns the request of `good`, with a change */
export const changed =
  (good: Provocation, change: (request: Request, world: World) => Request): Provocation =>
  async (world) => {
    const { path, request } = await good(world)
    return { path, request: change(request, world) }
  }

/** @returns the request of `good`, in a world that is changed after the request was made */
export const after =
  (good: Provocation, act: (world: World) => unknown): Provocation =>
  async (world) => {
    const ask = await good(world)
    await act(world)
    return ask
  }

// `json` would set `application/json` itself.
const sent = (request: Request, body: string | ReadableStream, type = 'application/json'): Request => {
  const { json: _, ...rest } = request
  return { ...rest, body, headers: { ...rest.headers, 'Content-Type': type } }
}

const text = ({ json }: Request) => (json === undefined ? '' : JSON.stringify(json))

const otherMethod = (good: Provocation): Provocations => ({
  '405 method_not_allowed': changed(good, (request) => ({ ...request, method: 'PATCH' })),
})

/** The responses of an operation that reads the database. */
export const reading = (good: Provocation): Provocations => ({
  ...otherMethod(good),
  '500 unexpected': after(good, hideTables),
  '503 unavailable': after(good, ({ service }) => service.core.store.close()),
})

/** The headers that a browser sends for a page of another site */
export const fromElsewhere = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }

/** The same request from another site, with the cookie of the browser */
export const crossSite = (good: Provocation): Provocation =>
  changed(good, (request, { refreshToken }) => ({
    ...request,
    cookie: `refresh_token=${refreshToken}`,
    headers: fromElsewhere,
  }))

/** The responses of an operation that writes to the database, with any method except GET. */
export const writing = (good: Provocation): Provocations => ({
  ...reading(good),
  '403 cross_site': crossSite(good),
  '413 too_large': [
    changed(good, (request) => sent(request, padded(text(request)))),
    changed(good, (request) => sent(request, new Blob([padded(text(request))]).stream())),
  ],
  '503 unavailable': [after(good, ({ service }) => service.core.store.close()), after(good, lockDatabase)],
})

/** The responses of an operation that accepts a JSON body. @param required a required member of it */
export const withBody = (good: Provocation, required: string): Provocations => ({
  ...writing(good),
  '400 malformed_json': changed(good, (request) => sent(request, text(request).slice(0, -1))),
  '400 invalid_member': changed(good, (request) => {
    const { [required]: _, ...json } = request.json as Record<string, unknown>
    return { ...request, json }
  }),
  '415 unsupported': [
    changed(good, (request) => sent(request, text(request), 'text/plain')),
    changed(good, (request) => ({ ...request, headers: { 'Content-Encoding': 'gzip' } })),
  ],
})

/** The responses of an operation that checks passwords. One of several requests may find a place that just became free. */
export const busy = (good: Provocation): Provocations => ({
  '503 busy': async (world) => {
    const ask = await good(world)
    crowd(world)
    return { ...ask, times: 5 }
  },
})

/** The responses of an operation with a limit, after one request. */
export const limitedTo = (one: Provocation): Provocations => ({
  '429 too_many': async (world) => {
    limit(world)
    const { path, request } = await one(world)
    await world.service.request(path, request)
    return { path, request }
  },
})

/** The responses of any operation that identifies the user. */
export const ofUser = (good: Provocation): Provocations => ({
  '403 inactive': after(good, ({ service, user }) =>
    deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR),
  ),
  '404 unknown_user': after(good, ({ service, user }) =>
    deleteUser(service.core.db, user.id, Date.now(), OPERATOR),
  ),
})

/** The responses of an operation that requires an access token in `Authorization`. */
export const withAccess = (good: Provocation): Provocations => ({
  ...ofUser(good),
  '401 missing': changed(good, ({ bearer: _, ...request }) => request),
  '401 invalid': [
    changed(good, (request, { accessToken }) => ({ ...request, bearer: forge(accessToken) })),
    changed(good, (request, { refreshToken }) => ({ ...request, bearer: refreshToken })),
    after(good, ({ service, refreshToken }) =>
      service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken }),
    ),
  ],
  '401 expired': after(good, ({ service }) => {
    service.clock.now += 30 * MINUTE
  }),
})

/** Sets the clock past the expiry of everything, including refresh tokens. */
export const later = ({ service }: World): void => {
  service.clock.now += 91 * DAY
}
