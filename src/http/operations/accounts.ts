import { mintAccess, mintRefreshToken } from '../../sessions/mint.ts'
import type { UserRow } from '../../store/queries/users.ts'
import type { RefreshToken } from '../../tokens/refresh-token.ts'
import { register } from '../../users/accounts.ts'
import { changePassword } from '../../users/change-password.ts'
import { foldCase } from '../../users/fold-case.ts'
import type { PasswordFault } from '../../users/new-password.ts'
import { MAX_BYTES } from '../../users/new-password.ts'
import { resetPassword } from '../../users/reset-password.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { setRefreshCookie } from '../pipeline/credentials.ts'
import { logEvents, nameRefusal, originOf, recordRefusal } from '../pipeline/record.ts'
import { cookieTokens } from './sessions.ts'

const userBody = (user: UserRow) => ({
  id: user.id,
  username: user.username,
  created_at: new Date(user.createdAt).toISOString(),
})

/** The `errors` of a 400 for an unsuitable new password. */
export function faults({ settings }: Core, path: string, fault: PasswordFault) {
  const messages: Record<PasswordFault, string> = {
    too_short: `Expected at least ${settings.password.minLength} characters`,
    too_long: `Expected at most ${MAX_BYTES} bytes`,
    undecodable: 'Is not UTF-8, or contains U+FFFD',
    username_inside: 'Contains the username',
    common: 'Is one of the most common passwords',
  }
  return [{ path, reason: fault, message: messages[fault] }]
}

/** Handlers of the contract's tag `accounts` */
export const accountHandlers = (
  core: Core,
): Pick<Handlers, 'register' | 'changePassword' | 'resetPassword' | 'me'> => ({
  async register(c, { body, success, failure }) {
    if (core.settings.registration === 'closed') return failure(403, 'Registration is closed.')
    const result = await register(core, body, originOf(core, c))
    if (result.outcome === 'unfit_password') {
      return failure(400, 'Invalid request.', faults(core, 'password', result.fault))
    }
    if (result.outcome !== 'registered') return failure(409, 'Username is taken.')
    logEvents(core, c, result.events)
    return success(201, userBody(result.user))
  },

  async changePassword(c, { body, success, failure }) {
    const { userId, sessionId, generation, user, outcome } = c.get('access')
    const passwords = { currentPassword: body.current_password, newPassword: body.new_password }
    const isSuperseded = outcome === 'superseded'
    const change = { userId, sessionId, generation, isSuperseded, username: user.username, ...passwords }
    const result = await changePassword(core, change, originOf(core, c))
    if (!('session' in result))
      recordRefusal(core, c, 'password.refused', { userId, sessionId, reason: result.outcome })
    switch (result.outcome) {
      case 'unfit_password':
        return failure(400, 'Invalid request.', faults(core, 'new_password', result.fault))
      case 'wrong_password':
        return failure(403, 'Current password is wrong.')
      case 'overtaken':
        return failure(401, 'Invalid access token.')
      case 'changed':
      case 'repeated': {
        logEvents(core, c, result.events)
        const { session, endedSessions } = result
        const { accessToken, expiresIn, tokenType } = mintAccess(core, session, core.now())
        const refreshToken = mintRefreshToken(core, session, originOf(core, c))
        const cookies = cookieTokens(core, c)
        const isOurs = (token: RefreshToken) => token.sessionId === sessionId
        const isCookieMode = session.cookieAt !== null || cookies.some(isOurs)
        // After a login in another tab, the cookie is that of another session, which must keep it.
        if (isCookieMode && cookies.every(isOurs))
          setRefreshCookie(c, core.settings, refreshToken, session.expiresAt, core.now())
        return success(200, {
          message: 'Password changed successfully',
          sessions_ended: endedSessions,
          access_token: accessToken,
          token_type: tokenType,
          expires_in: expiresIn,
          ...(!isCookieMode && { refresh_token: refreshToken }),
        })
      }
    }
  },

  async resetPassword(c, { body, success, failure }) {
    const reset = { token: body.token, newPassword: body.new_password }
    const result = await resetPassword(core, reset, originOf(core, c))
    if (result.outcome === 'unfit_password')
      return failure(400, 'Invalid request.', faults(core, 'new_password', result.fault))
    if (!('endedSessions' in result)) {
      nameRefusal(c, 'token.refused', { ...result, reason: result.outcome })
      return failure(401, 'Invalid reset token.')
    }
    logEvents(core, c, result.events)
    await forgive(core, foldCase(result.username), c.get('address'))
    return success(200, { message: 'Password set', sessions_ended: result.endedSessions })
  },

  me: (c, { success }) => success(200, userBody(c.get('access').user)),
})

// The password is set, so an error here must not change the answer.
async function forgive(core: Core, account: string, address: string | null): Promise<void> {
  try {
    await core.limits.forgive(account, address)
  } catch (error) {
    core.log.warn({ err: error }, 'failed logins stay counted')
  }
}
