/** For each operation a request that succeeds. All others are made from these. */
import type { OperationId } from '../../http/contract.ts'
import type { Request } from '../request.ts'
import { goodRefresh, goodRegistration } from './devices.ts'
import type { Actor, Provocation } from './provocation.ts'
import { sidOf } from './provocation.ts'

const get =
  (path: string): Provocation =>
  () => ({ path, request: {} })

/** A request with the access token */
const asUser =
  (path: string, request: Request = {}): Provocation =>
  ({ accessToken }) => ({ path, request: { ...request, bearer: accessToken } })

/** A request with the admin token to a path below the user */
export const ofUser =
  (rest: string, request: Request = {}): Provocation =>
  ({ user, adminToken }) => ({
    path: `/admin/users/${encodeURIComponent(user.id)}${rest}`,
    request: { ...request, bearer: adminToken },
  })

const asAdmin =
  (path: string): Provocation =>
  ({ adminToken }) => ({ path, request: { bearer: adminToken } })

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** A request with a form, as those of OAuth 2.0 are */
export const asForm = (members: Readonly<Record<string, string>>): Request => ({
  method: 'POST',
  headers: FORM,
  body: new URLSearchParams(members).toString(),
})

/** Without the admin token, it is a token that nobody has made. */
async function resetToken(actor: Actor): Promise<string> {
  if (actor.adminToken === '') return 'made up'
  const { path, request } = await good.requestPasswordReset(actor)
  const { body } = await actor.request(path, request)
  return String(body?.data?.reset_token ?? 'made up')
}

const POST = { method: 'POST' }
const DELETE = { method: 'DELETE' }

export const good: Readonly<Record<OperationId, Provocation>> = {
  refreshToken: ({ refreshToken }) => ({
    path: '/refresh_token',
    request: { method: 'POST', bearer: refreshToken },
  }),
  exchangeToken: ({ accessToken }) => ({
    path: '/api/auth/refresh',
    request: { json: { token: accessToken } },
  }),
  register: ({ freeName, password }) => ({
    path: '/api/auth/register',
    request: { json: { username: freeName, password } },
  }),
  login: ({ user, password }) => ({
    path: '/api/auth/login',
    request: { json: { username: user.username, password } },
  }),
  logout: ({ refreshToken }) => ({
    path: '/api/auth/logout',
    request: { method: 'POST', bearer: refreshToken },
  }),
  logoutAll: asUser('/api/auth/logout_all', POST),
  changePassword: ({ accessToken, password, newPassword }) => ({
    path: '/api/auth/password',
    request: { bearer: accessToken, json: { current_password: password, new_password: newPassword } },
  }),
  resetPassword: async (actor) => {
    const token = await resetToken(actor)
    return { path: '/api/auth/password_reset', request: { json: { token, new_password: actor.newPassword } } }
  },
  registerDevice: goodRegistration,
  refreshDevice: goodRefresh,
  revoke: ({ refreshToken }) => ({ path: '/revoke', request: asForm({ token: refreshToken }) }),
  introspect: ({ introspectionToken, accessToken }) => ({
    path: '/introspect',
    request: { bearer: introspectionToken, ...asForm({ token: accessToken }) },
  }),
  listRevocations: ({ revocationsToken }) => ({
    path: '/revocations',
    request: { bearer: revocationsToken },
  }),
  me: asUser('/api/auth/me'),
  listSessions: asUser('/api/auth/sessions'),
  endSession: (actor) => asUser(`/api/auth/sessions/${sidOf(actor.accessToken)}`, DELETE)(actor),
  listUsers: asAdmin('/admin/users'),
  listEvents: asAdmin('/admin/events'),
  createUser: ({ adminToken, freeName, password }) => ({
    path: '/admin/users',
    request: { bearer: adminToken, json: { username: freeName, password } },
  }),
  getUser: ofUser(''),
  deleteUser: ofUser('', DELETE),
  deactivateUser: ofUser('/deactivate', POST),
  activateUser: ofUser('/activate', POST),
  setUserPassword: (actor) =>
    ofUser('/password', { method: 'PUT', json: { password: actor.newPassword } })(actor),
  setUserClaims: ofUser('/claims', {
    method: 'PUT',
    json: { claims: { roles: ['editor'] }, refresh_now: true },
  }),
  requestPasswordReset: ofUser('/password_reset', POST),
  renameUser: (actor) => ofUser('/username', { method: 'PUT', json: { username: actor.freeName } })(actor),
  listUserSessions: ofUser('/sessions'),
  explainUserSessions: ofUser('/session_history'),
  openUserSession: ofUser('/sessions', { json: { device: 'A browser', address: '2001:db8::1' } }),
  endUserSessions: ofUser('/sessions', DELETE),
  endUserSession: (actor) => ofUser(`/sessions/${sidOf(actor.accessToken)}`, DELETE)(actor),
  jwks: get('/.well-known/jwks.json'),
  issuerMetadata: get('/.well-known/oauth-authorization-server'),
  livez: get('/livez'),
  readyz: get('/readyz'),
  openapi: get('/openapi.json'),
  docs: get('/docs'),
  docsAsset: get('/docs/docs.js'),
}
