import type { Context } from 'hono'
import { activeSessions } from '../../sessions/list.ts'
import { endAllSessions, endSession, logout } from '../../sessions/revoke.ts'
import { sessionBody } from '../../sessions/session-body.ts'
import type { RefreshToken } from '../../tokens/refresh-token.ts'
import { verifyRefreshToken } from '../../tokens/refresh-token.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import {
  clearRefreshCookie,
  dpopTokens,
  refreshCookies,
  sentTokens,
  setRefreshCookie,
} from '../pipeline/credentials.ts'
import { offerRegistration } from '../pipeline/devices.ts'
import { offerNonce, proofFailure, proofOf, provenKey } from '../pipeline/proofs.ts'
import { logEvents, originOf, recordRefusal } from '../pipeline/record.ts'
import { logIn } from './log-in.ts'
import { cursorOf, readCursor } from './pagination.ts'

/** The authentic cookies. They may be of another user or session than the access token after a login in another tab. */
export const cookieTokens = (core: Core, c: Context<Env>): RefreshToken[] =>
  refreshCookies(c, core.settings).flatMap((cookie) => {
    const verification = verifyRefreshToken(core.keys, cookie, core.now())
    return verification.outcome === 'invalid' ? [] : verification.token
  })

/** Clears the cookie if it is of the ended session or user. After a login in another tab it may be of another one. */
function clearEnded(core: Core, c: Context<Env>, hasEnded: (token: RefreshToken) => boolean): void {
  const tokens = cookieTokens(core, c)
  // Several cookies cannot be told apart when one is cleared, so all of them must have ended.
  if (tokens.length > 0 && tokens.every(hasEnded)) clearRefreshCookie(c, core.settings)
}

/** The page of a user's sessions that a request asks for */
export const pageFrom = (
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  userId: string,
) => ({ userId, limit, before: cursor === undefined ? undefined : readCursor(cursor) })

type SessionOperations = 'login' | 'logout' | 'logoutAll' | 'listSessions' | 'endSession'

/** Handlers of the contract's tag `sessions` */
export function sessionHandlers(core: Core): Pick<Handlers, SessionOperations> {
  return {
    async login(c, { body, success, failure }) {
      const login = await logIn(core, body, originOf(core, c), c.get('jkt'))
      if (login.outcome !== 'opened') {
        recordRefusal(core, c, 'login.failed', { userId: login.userId, reason: login.outcome })
        if (login.outcome === 'inactive_user') return failure(403, 'User is inactive.')
        return failure(401, 'Invalid credentials.')
      }
      const { session, accessToken, expiresIn, tokenType, refreshToken, events } = login
      logEvents(core, c, events)
      offerNonce(core, c)
      if (body.cookie === true) {
        setRefreshCookie(c, core.settings, refreshToken, session.expiresAt, session.rotatedAt)
        offerRegistration(core, c, session.id, '')
      }
      return success(200, {
        message: 'Logged in successfully',
        access_token: accessToken,
        token_type: tokenType,
        expires_in: expiresIn,
        ...(body.cookie !== true && { refresh_token: refreshToken }),
      })
    },

    async logout(c, { success, failure }) {
      const presented = new Set([...sentTokens(c), ...refreshCookies(c, core.settings)])
      if (presented.size === 0) return failure(401, 'Token missing.')
      const [proven] = dpopTokens(c)
      const proof = proofOf(core, c, { token: proven, needsHash: true })
      const keyOf = (token: string) => (token === proven ? provenKey(proof) : undefined)
      const results = await Promise.all(
        [...presented].map((token) => logout(core, token, originOf(core, c), keyOf(token))),
      )
      for (const result of results) {
        if (result.outcome === 'revoked') logEvents(core, c, result.events)
      }
      clearRefreshCookie(c, core.settings)
      if (results.some(({ outcome }) => outcome === 'revoked' || outcome === 'over_already'))
        return success(200, { message: 'Logged out successfully' })
      const isUnproven = results.some(({ outcome }) => outcome === 'unproven')
      return failure(401, isUnproven ? (proofFailure(proof) ?? 'DPoP proof missing.') : 'Invalid token.')
    },

    async logoutAll(c, { success }) {
      const { userId } = c.get('access')
      const end = { userId, reason: 'logout_all', origin: originOf(core, c) } as const
      const { endedSessions, events } = await endAllSessions(core, end)
      logEvents(core, c, events)
      clearEnded(core, c, (token) => token.userId === userId)
      return success(200, { message: 'All sessions ended', sessions_ended: endedSessions })
    },

    async listSessions(c, { query, success }) {
      const { userId, sessionId } = c.get('access')
      const { sessions, next } = await activeSessions(core, { ...pageFrom(query, userId), isForUser: true })
      return success(200, {
        sessions: sessions.map((session) => ({
          ...sessionBody(session),
          current: session.id === sessionId,
        })),
        next_cursor: next === undefined ? null : cursorOf(next),
      })
    },

    async endSession(c, { path, success, failure }) {
      const { userId } = c.get('access')
      const end = { sessionId: path.id, userId, reason: 'ended', origin: originOf(core, c) } as const
      const events = await endSession(core, end)
      if (events.length === 0) return failure(404, 'Session not found.')
      logEvents(core, c, events)
      clearEnded(core, c, (token) => token.sessionId === path.id)
      return success(200, { message: 'Session ended' })
    },
  }
}
