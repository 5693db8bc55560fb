import type { Context } from 'hono'
import { activeSessions } from '../../sessions/list.ts'
import { endAllSessions, endSession, logout } from '../../sessions/revoke.ts'
import { sessionBody } from '../../sessions/session-body.ts'
import { verifyRefreshToken } from '../../tokens/refresh-token.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { bearerToken, clearRefreshCookie, refreshCookie, setRefreshCookie } from '../pipeline/credentials.ts'
import { logEvents, originOf, recordRefusal } from '../pipeline/record.ts'
import { logIn } from './log-in.ts'

/** The maximum number of sessions in a list */
export const MAX_LISTED = 100

/** The user and session of the cookie. They may differ from the access token's after a login in another tab. */
export function cookieOwner(
  core: Core,
  c: Context<Env>,
): { readonly userId?: string; readonly sessionId?: string } {
  const cookie = refreshCookie(c, core.settings)
  if (cookie === undefined) return {}
  const verification = verifyRefreshToken(core.keys, cookie, core.now())
  return verification.outcome === 'invalid' ? {} : verification.token
}

type SessionOperations = 'login' | 'logout' | 'logoutAll' | 'listSessions' | 'endSession'

/** Handlers of the contract's tag `sessions` */
export function sessionHandlers(core: Core): Pick<Handlers, SessionOperations> {
  return {
    async login(c, { body, success, failure }) {
      const login = await logIn(core, body, originOf(c))
      if (login.outcome !== 'opened') {
        recordRefusal(core, c, 'login.failed', { userId: login.userId, reason: login.outcome })
        if (login.outcome === 'inactive_user') return failure(403, 'User is inactive.')
        return failure(401, 'Invalid credentials.')
      }
      const { session, accessToken, expiresIn, refreshToken, events } = login
      logEvents(core, c, events)
      if (body.cookie === true) {
        setRefreshCookie(c, core.settings, refreshToken, session.expiresAt, session.rotatedAt)
      }
      return success(200, {
        message: 'Logged in successfully',
        access_token: accessToken,
        token_type: 'bearer',
        expires_in: expiresIn,
        ...(body.cookie !== true && { refresh_token: refreshToken }),
      })
    },

    async logout(c, { success, failure }) {
      const presented = [bearerToken(c), refreshCookie(c, core.settings)].filter(
        (token) => token !== undefined,
      )
      if (presented.length === 0) return failure(401, 'Token missing.')
      const results = await Promise.all(presented.map((token) => logout(core, token, originOf(c))))
      for (const result of results) {
        if (result.outcome === 'revoked') logEvents(core, c, result.events)
      }
      clearRefreshCookie(c, core.settings)
      if (results.every(({ outcome }) => outcome === 'invalid' || outcome === 'expired'))
        return failure(401, 'Invalid token.')
      return success(200, { message: 'Logged out successfully' })
    },

    async logoutAll(c, { success }) {
      const { userId } = c.get('access')
      const end = { userId, reason: 'logout_all', origin: originOf(c) } as const
      const { endedSessions, events } = await endAllSessions(core, end)
      logEvents(core, c, events)
      if (cookieOwner(core, c).userId === userId) clearRefreshCookie(c, core.settings)
      return success(200, { message: 'All sessions ended', sessions_ended: endedSessions.length })
    },

    async listSessions(c, { success }) {
      const { userId, sessionId } = c.get('access')
      const sessions = await activeSessions(core, MAX_LISTED, userId)
      return success(200, {
        sessions: sessions.map((session) => ({
          ...sessionBody(session),
          current: session.id === sessionId,
        })),
      })
    },

    async endSession(c, { path, success, failure }) {
      const { userId } = c.get('access')
      const end = { sessionId: path.id, userId, reason: 'ended', origin: originOf(c) } as const
      const events = await endSession(core, end)
      if (events.length === 0) return failure(404, 'Session not found.')
      logEvents(core, c, events)
      if (path.id === cookieOwner(core, c).sessionId) clearRefreshCookie(c, core.settings)
      return success(200, { message: 'Session ended' })
    },
  }
}
