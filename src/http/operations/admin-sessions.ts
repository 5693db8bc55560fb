import { explainSessions } from '../../sessions/explain.ts'
import { activeSessions } from '../../sessions/list.ts'
import { openSession } from '../../sessions/open.ts'
import { endAllSessions, endSession } from '../../sessions/revoke.ts'
import { explainedBody, sessionBody } from '../../sessions/session-body.ts'
import { findUser } from '../../store/queries/users.ts'
import { faultOfClaims } from '../../users/claims.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { logEvents, originOf } from '../pipeline/record.ts'
import { withoutSecrets } from '../pipeline/secrets-in-text.ts'
import { cursorOf } from './pagination.ts'
import { pageFrom } from './sessions.ts'

type SessionOperations =
  | 'listUserSessions'
  | 'explainUserSessions'
  | 'openUserSession'
  | 'endUserSessions'
  | 'endUserSession'

/** Handlers of the contract's tag `admin`: sessions of a user. The admin token was checked before: see `guards.ts`. */
export const adminSessionHandlers = (core: Core): Pick<Handlers, SessionOperations> => ({
  async listUserSessions(_c, { path, query, success, failure }) {
    if ((await findUser(core.db, path.id)) === undefined) return failure(404, 'User not found.')
    const { sessions, next } = await activeSessions(core, pageFrom(query, path.id))
    return success(200, {
      sessions: sessions.map(sessionBody),
      next_cursor: next === undefined ? null : cursorOf(next),
    })
  },

  async explainUserSessions(_c, { path, query, success, failure }) {
    if ((await findUser(core.db, path.id)) === undefined) return failure(404, 'User not found.')
    const { sessions, next } = await explainSessions(core, pageFrom(query, path.id))
    return success(200, {
      sessions: sessions.map(explainedBody),
      next_cursor: next === undefined ? null : cursorOf(next),
    })
  },

  async openUserSession(c, { path, body, success, failure }) {
    const userId = path.id
    const { device, address = null, jkt, claims } = body
    const fault = faultOfClaims(claims ?? {})
    if (fault !== undefined) return failure(400, 'Invalid request.', [fault])
    const userAgent = device == null ? null : withoutSecrets(device, core.holdsSecret)
    const idempotencyKey = c.req.header('Idempotency-Key')
    const opener = { reason: 'operator', idempotencyKey } as const
    const login = { userId, passwordHash: undefined, userAgent, address, jkt, claims, ...opener }
    const grant = await openSession(core, login, originOf(core, c))
    if (grant === undefined) {
      const isGone = (await findUser(core.db, userId)) === undefined
      return isGone ? failure(404, 'User not found.') : failure(403, 'User is inactive.')
    }
    const { session, accessToken, expiresIn, tokenType, refreshToken, events } = grant
    if (session.revokedAt !== null) return failure(409, 'Session has ended.')
    logEvents(core, c, events)
    return success(201, {
      message: 'Session opened',
      session_id: session.id,
      access_token: accessToken,
      token_type: tokenType,
      expires_in: expiresIn,
      refresh_token: refreshToken,
    })
  },

  async endUserSessions(c, { path, success, failure }) {
    const userId = path.id
    if ((await findUser(core.db, userId)) === undefined) return failure(404, 'User not found.')
    const end = { userId, reason: 'operator', origin: originOf(core, c) } as const
    const { endedSessions, events } = await endAllSessions(core, end)
    logEvents(core, c, events)
    return success(200, { message: 'All sessions ended', sessions_ended: endedSessions })
  },

  async endUserSession(c, { path, success, failure }) {
    const { id: userId, session_id: sessionId } = path
    const origin = originOf(core, c)
    const events = await endSession(core, { sessionId, userId, reason: 'operator', origin })
    if (events.length === 0) {
      const isGone = (await findUser(core.db, userId)) === undefined
      return failure(404, isGone ? 'User not found.' : 'Session not found.')
    }
    logEvents(core, c, events)
    return success(200, { message: 'Session ended' })
  },
})
