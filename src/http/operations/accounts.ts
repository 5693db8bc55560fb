import type { UserRow } from '../../store/queries/users.ts'
import { changePassword, register } from '../../users/accounts.ts'
import type { PasswordFault } from '../../users/new-password.ts'
import { MAX_BYTES } from '../../users/new-password.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { logEvents, originOf, recordRefusal } from '../pipeline/record.ts'

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
  return [{ path, message: messages[fault] }]
}

/** Handlers of the contract's tag `accounts` */
export const accountHandlers = (core: Core): Pick<Handlers, 'register' | 'changePassword' | 'me'> => ({
  async register(c, { body, success, failure }) {
    if (core.settings.registration === 'closed') return failure(403, 'Registration is closed.')
    const result = await register(core, body, originOf(core, c))
    if (result.outcome === 'unfit_password') {
      return failure(400, 'Invalid request.', faults(core, 'password', result.fault))
    }
    if (result.outcome === 'taken') return failure(409, 'Username is taken.')
    logEvents(core, c, result.events)
    return success(201, userBody(result.user))
  },

  async changePassword(c, { body, success, failure }) {
    const { userId, sessionId, user } = c.get('access')
    const passwords = { currentPassword: body.current_password, newPassword: body.new_password }
    const change = { userId, sessionId, username: user.username, ...passwords }
    const result = await changePassword(core, change, originOf(core, c))
    if (result.outcome !== 'changed')
      recordRefusal(core, c, 'password.refused', { userId, sessionId, reason: result.outcome })
    switch (result.outcome) {
      case 'unfit_password':
        return failure(400, 'Invalid request.', faults(core, 'new_password', result.fault))
      case 'wrong_password':
        return failure(403, 'Current password is wrong.')
      case 'overtaken':
        return failure(401, 'Invalid access token.')
      case 'changed':
        logEvents(core, c, result.events)
        return success(200, {
          message: 'Password changed successfully',
          sessions_ended: result.endedSessions,
        })
    }
  },

  me: (c, { success }) => success(200, userBody(c.get('access').user)),
})
