import { activeSessions } from '../../sessions/list.ts'
import { openSession } from '../../sessions/open.ts'
import { endAllSessions, endSession } from '../../sessions/revoke.ts'
import { findUser } from '../../store/queries/users.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { originOf, record, recordEnds } from '../pipeline/record.ts'
import { MAX_LISTED, sessionBody } from './sessions.ts'

type SessionOperations = 'listUserSessions' | 'openUserSession' | 'endUserSessions' | 'endUserSession'

/** The contract's tag `admin`: sessions of a user. Judged before, see `admin-access.ts`. */
export const adminSessionHandlers = (core: Core): Pick<Handlers, SessionOperations> => ({
  async listUserSessions(_c, { path, success, failure }) {
    if ((await findUser(core.db, path.id)) === undefined) return failure(404, 'User not found.')
    const sessions = await activeSessions(core, MAX_LISTED, path.id)
    return success(200, { sessions: sessions.map(sessionBody) })
  },

  async openUserSession(c, { path, body, success, failure }) {
    const userId = path.id
    const { device = null, address = null } = body
    const grant = await openSession(core, {
      userId,
      passwordHash: undefined,
      userAgent: device,
      address,
      opener: { ...originOf(c), reason: 'operator' },
    })
    if (grant === undefined) {
      const isGone = (await findUser(core.db, userId)) === undefined
      return isGone ? failure(404, 'User not found.') : failure(403, 'User is inactive.')
    }
    const { session, accessToken, expiresIn, refreshToken } = grant
    record(core, c, 'session.opened', { userId, sessionId: session.id, reason: 'operator' })
    return success(201, {
      message: 'Session opened',
      session_id: session.id,
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: expiresIn,
      refresh_token: refreshToken,
    })
  },

  async endUserSessions(c, { path, success, failure }) {
    const userId = path.id
    if ((await findUser(core.db, userId)) === undefined) return failure(404, 'User not found.')
    const ended = await endAllSessions(core, userId, 'operator', originOf(c))
    recordEnds(core, c, userId, ended, 'operator')
    return success(200, { message: 'All sessions ended', sessions_ended: ended.length })
  },

  async endUserSession(c, { path, success, failure }) {
    const { id: userId, session_id: sessionId } = path
    if (!(await endSession(core, sessionId, 'operator', userId, originOf(c)))) {
      const isGone = (await findUser(core.db, userId)) === undefined
      return failure(404, isGone ? 'User not found.' : 'Session not found.')
    }
    record(core, c, 'session.revoked', { userId, sessionId, reason: 'operator' })
    return success(200, { message: 'Session ended' })
  },
})
