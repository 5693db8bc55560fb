/** The contract's tag `sessions`. */

import { randomUUID } from 'node:crypto'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { deactivateUser } from '../../../src/store/queries/users.ts'
import { PASSWORD } from '../../support/service.ts'
import { configure, forge } from '../../support/world.ts'
import type { Provocation, Provocations } from './provoke.ts'
import {
  after,
  busy,
  changed,
  crossSite,
  fromElsewhere,
  limitedTo,
  reading,
  withAccess,
  withBody,
  writing,
} from './provoke.ts'

const asAda =
  (password: string, more: object = {}): Provocation =>
  () => ({ path: '/api/auth/login', request: { json: { username: 'ada', password, ...more } } })

export const login: Provocations = {
  ...withBody(asAda(PASSWORD), 'username'),
  ...busy(asAda('not the password')),
  ...limitedTo(asAda('not the password')),
  '200 header': asAda(PASSWORD),
  '200 cookie': asAda(PASSWORD, { cookie: true }),
  '401 invalid_credentials': [
    asAda('not the password'),
    () => ({ path: '/api/auth/login', request: { json: { username: 'nobody', password: PASSWORD } } }),
  ],
  '403 cross_site': [
    crossSite(asAda(PASSWORD)),
    changed(asAda(PASSWORD, { cookie: true }), (request) => ({ ...request, headers: fromElsewhere })),
  ],
  '403 cookie_over_plain_http': after(
    changed(asAda(PASSWORD, { cookie: true }), (request) => ({
      ...request,
      headers: { Origin: 'http://app.example' },
    })),
    (world) =>
      configure(world, {
        corsOrigins: ['http://app.example'],
        cookie: { ...world.service.core.settings.cookie, secure: true },
      }),
  ),
  '403 cookie_of_another_site': after(
    changed(asAda(PASSWORD, { cookie: true }), (request) => ({ ...request, headers: fromElsewhere })),
    (world) => configure(world, { corsOrigins: [fromElsewhere.Origin] }),
  ),
  '403 inactive': after(asAda(PASSWORD), ({ service, user }) =>
    deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR),
  ),
}

const leave: Provocation = ({ refreshToken }) => ({
  path: '/api/auth/logout',
  request: { method: 'POST', bearer: refreshToken },
})

export const logout: Provocations = {
  ...writing(leave),
  ...limitedTo(changed(leave, (request, { refreshToken }) => ({ ...request, bearer: forge(refreshToken) }))),
  '200 ok': [
    leave,
    changed(leave, (_, { accessToken }) => ({ method: 'POST', bearer: accessToken })),
    changed(leave, (_, { refreshToken }) => ({ method: 'POST', cookie: `refresh_token=${refreshToken}` })),
  ],
  '401 missing': changed(leave, () => ({ method: 'POST' })),
  '401 invalid': [
    changed(leave, (request, { refreshToken }) => ({ ...request, bearer: forge(refreshToken) })),
    changed(leave, (request, { accessToken }) => ({ ...request, bearer: forge(accessToken) })),
    changed(leave, (_, { refreshToken }) => ({
      method: 'POST',
      cookie: `refresh_token=${forge(refreshToken)}`,
    })),
  ],
}

const leaveAll: Provocation = ({ accessToken }) => ({
  path: '/api/auth/logout_all',
  request: { method: 'POST', bearer: accessToken },
})

export const logoutAll: Provocations = {
  ...writing(leaveAll),
  ...withAccess(leaveAll),
  '200 ended': leaveAll,
}

const listed =
  (query = ''): Provocation =>
  ({ accessToken }) => ({ path: `/api/auth/sessions${query}`, request: { bearer: accessToken } })
const list = listed()

export const listSessions: Provocations = {
  ...reading(list),
  ...withAccess(list),
  '200 one': list,
  '400 invalid_parameter': listed('?limit=101'),
}

const sid = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid

const end =
  (id?: string): Provocation =>
  ({ accessToken }) => ({
    path: `/api/auth/sessions/${id ?? sid(accessToken)}`,
    request: { method: 'DELETE', bearer: accessToken },
  })

export const endSession: Provocations = {
  ...writing(end()),
  ...withAccess(end()),
  '200 ok': end(),
  '400 invalid_id': end('not-a-uuid'),
  '404 unknown_session': end(randomUUID()),
}
