/** The contract's tag `tokens`. */

import { resigned } from '../../support/tokens.ts'
import { configure, forge } from '../../support/world.ts'
import type { Provocation, Provocations } from './provoke.ts'
import { after, changed, later, limitedTo, ofUser, withBody, writing } from './provoke.ts'

const refresh: Provocation = ({ refreshToken }) => ({
  path: '/refresh_token',
  request: { method: 'POST', bearer: refreshToken },
})

export const refreshToken: Provocations = {
  ...writing(refresh),
  ...ofUser(refresh),
  ...limitedTo(
    changed(refresh, (request, { refreshToken: token }) => ({ ...request, bearer: forge(token) })),
  ),
  '200 header': refresh,
  '200 cookie': ({ refreshToken: token }) => ({
    path: '/refresh_token',
    request: { method: 'POST', cookie: `refresh_token=${token}` },
  }),
  '400 conflicting_tokens': changed(refresh, (request, { refreshToken: token }) => ({
    ...request,
    cookie: `refresh_token=${resigned(token, { exp: 1 })}`,
  })),
  '401 missing': changed(refresh, () => ({ method: 'POST' })),
  '401 invalid': [
    changed(refresh, (request, { refreshToken: token }) => ({ ...request, bearer: forge(token) })),
    changed(refresh, (request, { accessToken }) => ({ ...request, bearer: accessToken })),
  ],
  '401 expired': after(refresh, later),
}

const exchange: Provocation = ({ accessToken }) => ({
  path: '/api/auth/refresh',
  request: { json: { token: accessToken } },
})

export const exchangeToken: Provocations = {
  ...withBody(exchange, 'token'),
  ...ofUser(exchange),
  ...limitedTo(changed(exchange, (_, { accessToken }) => ({ json: { token: forge(accessToken) } }))),
  '200 exchanged': exchange,
  '401 invalid': [
    changed(exchange, (_, { accessToken }) => ({ json: { token: forge(accessToken) } })),
    changed(exchange, (_, { refreshToken: token }) => ({ json: { token } })),
  ],
  '401 expired': after(exchange, later),
  '403 disabled': after(exchange, (world) => configure(world, { exchangeWindow: 0 })),
}
