/** How the responses are provoked that are an operation's own, by the key of their example. */
import type { OperationId } from '../../http/contract.ts'
import { ofAdministration, taken } from './by-admin-operation.ts'
import { crossSite } from './by-example.ts'
import { ofRefresh, ofRegistration } from './devices.ts'
import { inBoundSession, withInvalidProof, withoutNonce, withoutProof } from './dpop.ts'
import { asForm, good } from './good.ts'
import type { Provocation, Provocations } from './provocation.ts'
import { after, changed, cookieOf, forge, fromElsewhere, moved } from './provocation.ts'

const login = (change: object): Provocation =>
  changed(good.login, ({ json, ...request }) => ({ ...request, json: { ...(json as object), ...change } }))

const withCookie = (operation: OperationId): Provocation =>
  changed(good[operation], ({ bearer: _, ...request }, actor) => ({
    ...request,
    cookie: cookieOf(actor.refreshToken, actor),
  }))

/** A refresh token needs no proof there. */
const byAccessToken = changed(good.logout, (_, { accessToken }) => ({ method: 'POST', bearer: accessToken }))
/** The responses to a form that does not fit */
const ofForm = (operation: 'introspect' | 'revoke'): Provocations => ({
  '400 invalid_member': changed(good[operation], (request) => ({ ...request, ...asForm({}) })),
  '413 too_large': [
    changed(good[operation], (request) => ({ ...request, ...asForm({ token: 'x'.repeat(16 * 1024) }) })),
    changed(good[operation], (request) => ({
      ...request,
      body: new Blob([`token=${'x'.repeat(16 * 1024)}`]).stream(),
    })),
  ],
})

const basic = (password: string) => `Basic ${Buffer.from(`gateway:${password}`).toString('base64')}`

export const own: Partial<Record<OperationId, Provocations>> = {
  refreshToken: {
    '200 header': good.refreshToken,
    '200 cookie': withCookie('refreshToken'),
    '400 conflicting_tokens': async (actor) => {
      const other = await actor.login()
      const { path, request } = await good.refreshToken(actor)
      return { path, request: { ...request, cookie: cookieOf(other.refreshToken, actor) } }
    },
    '401 invalid': [
      changed(good.refreshToken, (request, { refreshToken }) => ({
        ...request,
        bearer: forge(refreshToken),
      })),
      changed(good.refreshToken, (request, { accessToken }) => ({ ...request, bearer: accessToken })),
    ],
    '401 proof_missing': inBoundSession(good.refreshToken),
    '401 key_mismatch': inBoundSession(good.refreshToken, true),
  },
  exchangeToken: {
    '200 exchanged': good.exchangeToken,
    '401 invalid': [
      changed(good.exchangeToken, (_, { accessToken }) => ({ json: { token: forge(accessToken) } })),
      changed(good.exchangeToken, (_, { refreshToken }) => ({ json: { token: refreshToken } })),
    ],
    '401 proof_missing': inBoundSession(good.exchangeToken),
    '401 key_mismatch': inBoundSession(good.exchangeToken, true),
  },
  register: { '201 registered': good.register, '409 taken': taken('register') },
  login: {
    '200 header': good.login,
    '200 cookie': login({ cookie: true }),
    '401 invalid_credentials': [
      login({ password: 'not the password' }),
      (actor) => login({ username: actor.freeName })(actor),
    ],
    '403 cross_site': [
      crossSite(good.login),
      changed(login({ cookie: true }), (request) => ({ ...request, headers: fromElsewhere })),
    ],
  },
  logout: {
    '200 ok': [
      good.logout,
      changed(good.logout, (_, { accessToken }) => ({ method: 'POST', bearer: accessToken })),
      withCookie('logout'),
    ],
    '401 invalid': [
      changed(good.logout, (request, { refreshToken }) => ({ ...request, bearer: forge(refreshToken) })),
      changed(good.logout, (request, { accessToken }) => ({ ...request, bearer: forge(accessToken) })),
      changed(good.logout, (_, actor) => ({
        method: 'POST',
        cookie: cookieOf(forge(actor.refreshToken), actor),
      })),
    ],
    '401 proof_missing': withoutProof(byAccessToken),
    '401 proof_invalid': withInvalidProof(byAccessToken),
    '401 nonce_needed': withoutNonce(byAccessToken),
  },
  logoutAll: { '200 ended': good.logoutAll },
  changePassword: {
    '200 changed': good.changePassword,
    '200 cookie': changed(good.changePassword, (request, actor) => ({
      ...request,
      cookie: cookieOf(actor.refreshToken, actor),
    })),
    '403 wrong_password': changed(good.changePassword, ({ json, ...request }) => ({
      ...request,
      json: { ...(json as object), current_password: 'not the password' },
    })),
  },
  resetPassword: {
    '200 set': good.resetPassword,
    '401 invalid': [
      changed(good.resetPassword, ({ json, ...request }) => ({
        ...request,
        json: { ...(json as object), token: 'made up' },
      })),
      // Another one was made since.
      after(good.resetPassword, (actor) => good.resetPassword(actor)),
    ],
  },
  registerDevice: ofRegistration,
  refreshDevice: ofRefresh,
  revoke: {
    '200 empty': [
      good.revoke,
      changed(good.revoke, (_, { accessToken }) =>
        asForm({ token: accessToken, token_type_hint: 'access_token' }),
      ),
      changed(good.revoke, (_, { refreshToken }) => asForm({ token: forge(refreshToken) })),
    ],
    ...ofForm('revoke'),
  },
  introspect: {
    '200 active': [
      good.introspect,
      changed(good.introspect, ({ bearer = '', ...request }) => ({
        ...request,
        headers: { ...request.headers, Authorization: basic(bearer) },
      })),
    ],
    '200 inactive': [
      changed(good.introspect, (request, { refreshToken }) => ({
        ...request,
        ...asForm({ token: refreshToken }),
      })),
      async (actor) => {
        await actor.request('/api/auth/logout', { method: 'POST', bearer: actor.refreshToken })
        return good.introspect(actor)
      },
    ],
    '401 invalid': [
      changed(good.introspect, ({ bearer, ...request }) => ({ ...request, bearer: `${bearer}x` })),
      changed(good.introspect, ({ bearer, ...request }) => ({
        ...request,
        headers: { ...request.headers, Authorization: basic(`${bearer}x`) },
      })),
    ],
    ...ofForm('introspect'),
  },
  listRevocations: {
    '200 snapshot': async (actor) => {
      await actor.request('/api/auth/logout', { method: 'POST', bearer: actor.refreshToken })
      return good.listRevocations(actor)
    },
    '400 invalid_parameter': moved(good.listRevocations, (path) => `${path}?wait=26`),
    '401 invalid': changed(good.listRevocations, (request) => ({ bearer: `${request.bearer}x` })),
  },
  me: { '200 ada': good.me },
  listSessions: { '200 one': good.listSessions },
  endSession: { '200 ok': good.endSession },
  ...ofAdministration,
  jwks: { '200 keys': good.jwks },
  issuerMetadata: { '200 metadata': good.issuerMetadata, '404 no_issuer': good.issuerMetadata },
  livez: { '200 ok': good.livez },
  readyz: { '200 ok': good.readyz },
  openapi: { '200 abridged': good.openapi },
  docs: { '200 text/html page': good.docs },
  docsAsset: {
    '200 text/css file': ['swagger-ui.css', 'docs.css'].map((name) =>
      moved(good.docsAsset, () => `/docs/${name}`),
    ),
    '200 text/javascript file': [good.docsAsset, moved(good.docsAsset, () => '/docs/swagger-ui-bundle.js')],
    '404 not_found': ['nothing.js', 'constructor', '%2e%2e%2fpackage.json'].map((name) =>
      moved(good.docsAsset, () => `/docs/${name}`),
    ),
  },
}
