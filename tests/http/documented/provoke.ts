/** What provokes the responses that many operations share, derived from a request of theirs that succeeds. */
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../../src/store/queries/users.ts'
import type { Request } from '../../support/service.ts'
import { DAY, MINUTE } from '../../support/service.ts'
import type { World } from '../../support/world.ts'
import { crowd, forge, hideTables, limit, lockDatabase } from '../../support/world.ts'

export interface Ask {
  readonly path: string
  readonly request: Request
  /** How often at once; the answer that counts is the one with the status wanted. */
  readonly times?: number
}

/** Prepares a world so that the request that it returns gets the response that it stands for. */
export type Provocation = (world: World) => Ask | Promise<Ask>

/** By `<status> <name of the example>`, with the media type between them when it is not JSON. */
export type Provocations = Readonly<Record<string, Provocation | readonly Provocation[]>>

const MAX_BODY = 16 * 1024
const padded = (text: string) => ' '.repeat(MAX_BODY + 1 - text.length) + text

/** @returns the request of `good`, changed */
export const changed =
  (good: Provocation, change: (request: Request, world: World) => Request): Provocation =>
  async (world) => {
    const { path, request } = await good(world)
    return { path, request: change(request, world) }
  }

/** @returns the request of `good`, in a world that was changed after it was made */
export const after =
  (good: Provocation, act: (world: World) => unknown): Provocation =>
  async (world) => {
    const ask = await good(world)
    await act(world)
    return ask
  }

// `json` would say `application/json` of its own.
const sent = (request: Request, body: string | ReadableStream, type = 'application/json'): Request => {
  const { json: _, ...rest } = request
  return { ...rest, body, headers: { ...rest.headers, 'Content-Type': type } }
}

const text = ({ json }: Request) => (json === undefined ? '' : JSON.stringify(json))

const otherMethod = (good: Provocation): Provocations => ({
  '405 method_not_allowed': changed(good, (request) => ({ ...request, method: 'PATCH' })),
})

/** Of an operation that reads the database. */
export const reading = (good: Provocation): Provocations => ({
  ...otherMethod(good),
  '500 unexpected': after(good, hideTables),
  '503 unavailable': after(good, ({ service }) => service.core.store.close()),
})

/** As a page of somebody else makes a browser send it */
export const fromElsewhere = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }

/** The same, with the cookie that the browser has */
export const crossSite = (good: Provocation): Provocation =>
  changed(good, (request, { refreshToken }) => ({
    ...request,
    cookie: `refresh_token=${refreshToken}`,
    headers: fromElsewhere,
  }))

/** Of an operation that writes to the database, with whatever method but GET. */
export const writing = (good: Provocation): Provocations => ({
  ...reading(good),
  '403 cross_site': crossSite(good),
  '413 too_large': [
    changed(good, (request) => sent(request, padded(text(request)))),
    changed(good, (request) => sent(request, new Blob([padded(text(request))]).stream())),
  ],
  '503 unavailable': [after(good, ({ service }) => service.core.store.close()), after(good, lockDatabase)],
})

/** Of an operation that takes a JSON body. @param required a member that it must have */
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

/** Of an operation that checks passwords. One of a few at once may find a place that was just left. */
export const busy = (good: Provocation): Provocations => ({
  '503 busy': async (world) => {
    const ask = await good(world)
    crowd(world)
    return { ...ask, times: 5 }
  },
})

/** Of an operation that is limited: one try has been made. */
export const limitedTo = (one: Provocation): Provocations => ({
  '429 too_many': async (world) => {
    limit(world)
    const { path, request } = await one(world)
    await world.service.request(path, request)
    return { path, request }
  },
})

/** Of any operation that asks who the user is. */
export const ofUser = (good: Provocation): Provocations => ({
  '403 inactive': after(good, ({ service, user }) =>
    deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR),
  ),
  '404 unknown_user': after(good, ({ service, user }) =>
    deleteUser(service.core.db, user.id, Date.now(), OPERATOR),
  ),
})

/** Of an operation that takes an access token in `Authorization`. */
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

/** Long after everything: refresh tokens included. */
export const later = ({ service }: World): void => {
  service.clock.now += 91 * DAY
}
