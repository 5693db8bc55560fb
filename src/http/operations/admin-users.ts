import { rememberedAs } from '../../limits/names.ts'
import { setClaims } from '../../store/queries/claims.ts'
import { activateUser, deactivateUser, findUser, pageOfUsers } from '../../store/queries/users.ts'
import { register } from '../../users/accounts.ts'
import { readBrought } from '../../users/brought-user.ts'
import { faultOfClaims } from '../../users/claims.ts'
import { deleteAccount } from '../../users/delete.ts'
import { foldCase } from '../../users/fold-case.ts'
import { rename } from '../../users/rename.ts'
import { requestReset } from '../../users/reset-password.ts'
import { setPassword } from '../../users/set-password.ts'
import { userBody } from '../../users/user-body.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { logEvents, originOf } from '../pipeline/record.ts'
import { faults } from './accounts.ts'
import { cursorOfUser, pageOf, readUserCursor } from './pagination.ts'

type UserOperations =
  | 'listUsers'
  | 'createUser'
  | 'getUser'
  | 'deleteUser'
  | 'deactivateUser'
  | 'activateUser'
  | 'setUserPassword'
  | 'renameUser'
  | 'requestPasswordReset'
  | 'setUserClaims'

const TWO_PASSWORDS = {
  path: 'password_hash',
  reason: 'unknown',
  message: 'Expected either password or password_hash',
}

/** Handlers of the contract's tag `admin`: users. The admin token was checked before: see `guards.ts`. */
export const adminUserHandlers = (core: Core): Pick<Handlers, UserOperations> => ({
  async listUsers(_c, { query, success }) {
    const { limit, cursor, username } = query
    const found = await pageOfUsers(core.db, {
      after: cursor === undefined ? '' : readUserCursor(cursor),
      limit: limit + 1,
      usernameKey: username === undefined ? undefined : foldCase(username),
    })
    const { rows, nextCursor } = pageOf(found, limit, ({ id }) => cursorOfUser(id))
    return success(200, { users: rows.map(userBody), next_cursor: nextCursor })
  },

  async createUser(c, { body, success, failure }) {
    const { username, password, ...record } = body
    const brought = readBrought(record, core.now())
    if (brought.outcome === 'unfit') return failure(400, 'Invalid request.', [brought.fault])
    if (password !== undefined && record.password_hash !== undefined)
      return failure(400, 'Invalid request.', [TWO_PASSWORDS])
    const account = { username, password, reason: 'operator', brought: brought.user } as const
    const result = await register(core, account, originOf(core, c))
    if (result.outcome === 'unfit_password')
      return failure(400, 'Invalid request.', faults(core, 'password', result.fault))
    if (result.outcome === 'id_taken') return failure(409, 'Id is taken.')
    if (result.outcome === 'taken') return failure(409, 'Username is taken.')
    logEvents(core, c, result.events)
    return success(201, userBody(result.user))
  },

  async getUser(_c, { path, success, failure }) {
    const user = await findUser(core.db, path.id)
    return user === undefined ? failure(404, 'User not found.') : success(200, userBody(user))
  },

  async deleteUser(c, { path, success, failure }) {
    const context = { ...core, hasWebhook: core.settings.webhook !== undefined }
    const events = await deleteAccount(context, path.id, originOf(core, c))
    if (events === undefined) return failure(404, 'User not found.')
    logEvents(core, c, events)
    return success(200, { message: 'User deleted' })
  },

  async deactivateUser(c, { path, success, failure }) {
    const ended = await deactivateUser(core.db, path.id, core.now(), originOf(core, c))
    if (ended === undefined) return failure(404, 'User not found.')
    logEvents(core, c, ended.events)
    return success(200, { message: 'User deactivated', sessions_ended: ended.endedSessions })
  },

  async activateUser(c, { path, success, failure }) {
    const events = await activateUser(core.db, path.id, core.now(), originOf(core, c))
    if (events === undefined) return failure(404, 'User not found.')
    logEvents(core, c, events)
    return success(200, { message: 'User activated' })
  },

  async setUserPassword(c, { path, body, success, failure }) {
    const user = await findUser(core.db, path.id)
    const result = user && (await setPassword(core, user, body.password, originOf(core, c)))
    if (result === undefined || result.outcome === 'unknown_user') return failure(404, 'User not found.')
    if (result.outcome === 'unfit_password')
      return failure(400, 'Invalid request.', faults(core, 'password', result.fault))
    logEvents(core, c, result.events)
    return success(200, { message: 'Password set', sessions_ended: result.endedSessions })
  },

  async requestPasswordReset(c, { path, success, failure }) {
    const result = await requestReset(core, path.id, originOf(core, c))
    if (!('token' in result))
      return result.outcome === 'unknown_user'
        ? failure(404, 'User not found.')
        : failure(403, 'User is inactive.')
    logEvents(core, c, result.events)
    return success(201, {
      message: 'Password reset requested',
      reset_token: result.token,
      expires_in: result.expiresIn / 1000,
    })
  },

  async setUserClaims(c, { path, body, success, failure }) {
    const { claims, refresh_now: refreshNow = false } = body
    const fault = faultOfClaims(claims)
    if (fault !== undefined) return failure(400, 'Invalid request.', [fault])
    const change = { id: path.id, claims, refreshNow, now: core.now() }
    const result = await setClaims(core.db, change, originOf(core, c))
    if (result === undefined) return failure(404, 'User not found.')
    logEvents(core, c, result.events)
    return success(200, userBody(result.user))
  },

  async renameUser(c, { path, body, success, failure }) {
    const context = { ...core, rememberedAs: rememberedAs(core.names) }
    const result = await rename(context, { id: path.id, username: body.username }, originOf(core, c))
    if (result.outcome === 'unknown_user') return failure(404, 'User not found.')
    if (result.outcome === 'taken') return failure(409, 'Username is taken.')
    logEvents(core, c, result.events)
    return success(200, userBody(result.user))
  },
})
