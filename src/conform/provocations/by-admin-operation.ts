/** As `by-operation.ts`, for administration. */
import type { OperationId } from '../../http/contract.ts'
import { createKey } from './dpop.ts'
import { good, ofUser } from './good.ts'
import type { Provocation, Provocations } from './provocation.ts'
import { changed, moved } from './provocation.ts'

const BCRYPT = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'

/** A new user with something that another system knows of them */
const brought = (members: object): Provocation =>
  changed(good.createUser, ({ json, ...request }) => {
    const { username } = json as { username: string }
    return { ...request, json: { username, ...members } }
  })

/** The name of a user who is there, in other letters */
export const taken =
  (operation: OperationId): Provocation =>
  async (actor) =>
    good[operation]({ ...actor, freeName: actor.user.username.toUpperCase() })

const withKey =
  (key: string): Provocation =>
  (actor) =>
    ofUser('/sessions', { json: {}, headers: { 'Idempotency-Key': key } })(actor)

export const ofAdministration: Partial<Record<OperationId, Provocations>> = {
  listUsers: {
    // Of others nothing is read.
    '200 last_page': (actor) =>
      moved(
        good.listUsers,
        (path) => `${path}?username=${encodeURIComponent(actor.user.username.toUpperCase())}&limit=1`,
      )(actor),
  },
  listEvents: {
    '200 last_page': (actor) =>
      moved(good.listEvents, (path) => `${path}?user_id=${encodeURIComponent(actor.user.id)}`)(actor),
  },
  createUser: {
    '201 created': [
      good.createUser,
      changed(good.createUser, ({ json, ...request }) => ({
        ...request,
        json: { username: `${(json as { username: string }).username}.x` },
      })),
      changed(good.createUser, ({ json, ...request }) => {
        const { username } = json as { username: string }
        const brought = { password_hash: BCRYPT, created_at: '2019-05-04T08:00:00Z', deactivated: false }
        return { ...request, json: { id: `${username}|1 ü`, username: `${username} Lovelace`, ...brought } }
      }),
    ],
    '400 fast_hash': brought({ password_hash: '5f4dcc3b5aa765d61d8327deb882cf99' }),
    '400 costly_hash': brought({ password_hash: BCRYPT.replace('$12$', '$15$') }),
    '409 taken': taken('createUser'),
    '409 id_taken': (actor) => brought({ id: actor.user.id })(actor),
  },
  getUser: { '200 ada': good.getUser },
  deleteUser: { '200 deleted': good.deleteUser },
  deactivateUser: { '200 deactivated': good.deactivateUser },
  activateUser: { '200 activated': good.activateUser },
  setUserPassword: { '200 set': good.setUserPassword },
  setUserClaims: { '200 set': good.setUserClaims },
  requestPasswordReset: { '201 made': good.requestPasswordReset },
  renameUser: {
    '200 renamed': [
      good.renameUser,
      (actor) => good.renameUser({ ...actor, freeName: actor.user.username }),
      taken('renameUser'),
    ],
    '409 taken': async (actor) => {
      const { user } = await actor.another()
      return good.renameUser({ ...actor, freeName: user.username.toUpperCase() })
    },
  },
  listUserSessions: { '200 one': good.listUserSessions },
  explainUserSessions: {
    '200 one': async (actor) => {
      await actor.request('/api/auth/logout', { method: 'POST', bearer: actor.refreshToken })
      return good.explainUserSessions(actor)
    },
  },
  openUserSession: {
    '201 opened': [
      good.openUserSession,
      ofUser('/sessions', { json: {} }),
      ofUser('/sessions', { json: { jkt: createKey().thumbprint } }),
      ofUser('/sessions', { json: { claims: { amr: ['pwd', 'otp'] } } }),
    ],
    '400 invalid_member': ofUser('/sessions', { json: { address: 'localhost' } }),
    '409 session_ended': async (actor) => {
      const { path, request } = await withKey(`conform-${Date.now()}`)(actor)
      const { body } = await actor.request(path, request)
      await actor.request('/api/auth/logout', { method: 'POST', bearer: `${body?.data?.refresh_token}` })
      return { path, request }
    },
  },
  endUserSessions: { '200 ended': good.endUserSessions },
  endUserSession: {
    '200 ended': good.endUserSession,
    '400 invalid_session_id': moved(good.endUserSession, (path) => path.replace(/[^/]+$/, 'not-a-uuid')),
  },
}
