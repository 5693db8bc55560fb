import type { UserRow } from '../../store/queries/users.ts'
import { changePassword, register } from '../../users/accounts.ts'
import { foldCase } from '../../users/fold-case.ts'
import type { PasswordFault } from '../../users/new-password.ts'
import { MAX_BYTES } from '../../users/new-password.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { finish, tooMany } from '../pipeline/limits.ts'
import { originOf, record, recordEnds } from '../pipeline/record.ts'
import { requireAccess } from '../pipeline/require-access.ts'

const userBody = (user: UserRow) => ({
  id: user.id,
  username: user.username,
  created_at: new Date(user.createdAt).toISOString(),
})

/** What is wrong with a new password, in `errors`. */
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

// What nobody has learnt anything from about the current password is no guess at it.
const VERDICTS = {
  changed: 'succeeded',
  wrong_password: 'failed',
  overtaken: 'failed',
  unfit_password: 'undone',
} as const

/** The contract's tag `accounts`. */
export const accountHandlers = (core: Core): Pick<Handlers, 'register' | 'changePassword' | 'me'> => ({
  async register(c, { body, success, failure }) {
    if (core.settings.registration === 'closed') return failure(403, 'Registration is closed.')
    const result = await register(core, body, originOf(c))
    if (result.outcome === 'unfit_password') {
      return failure(400, 'Invalid request.', faults(core, 'password', result.fault))
    }
    if (result.outcome === 'taken') return failure(409, 'Username is taken.')
    record(core, c, 'user.registered', { userId: result.user.id })
    return success(201, userBody(result.user))
  },

  async changePassword(c, { body, success, failure }) {
    const access = await requireAccess(core, c)
    if ('refusal' in access) return failure(...access.refusal)
    const { username } = access.user
    const attempt = await core.limits.password(foldCase(username), access.sessionId, c.get('address'))
    if ('until' in attempt) return failure(429, tooMany(core, c, attempt, access))
    const passwords = { currentPassword: body.current_password, newPassword: body.new_password }
    const work = () => changePassword(core, { ...access, username, ...passwords }, originOf(c))
    const result = await finish(core, attempt, work, ({ outcome }) => VERDICTS[outcome])
    if (result.outcome !== 'changed')
      record(core, c, 'password.refused', { ...access, reason: result.outcome })
    switch (result.outcome) {
      case 'unfit_password':
        return failure(400, 'Invalid request.', faults(core, 'new_password', result.fault))
      case 'wrong_password':
        return failure(403, 'Current password is wrong.')
      case 'overtaken':
        return failure(401, 'Invalid access token.')
      case 'changed':
        record(core, c, 'password.changed', access)
        recordEnds(core, c, access.userId, result.endedSessions, 'password')
        return success(200, {
          message: 'Password changed successfully',
          sessions_ended: result.endedSessions.length,
        })
    }
  },

  async me(c, { success, failure }) {
    const access = await requireAccess(core, c)
    return 'refusal' in access ? failure(...access.refusal) : success(200, userBody(access.user))
  },
})
