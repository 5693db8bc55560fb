import { refusalOfReset } from '../../users/reset-password.ts'
import type { Handler } from '../contract.ts'
import type { Core } from '../core.ts'
import { nameRefusal } from './record.ts'

/**
 * Refuses a reset token that cannot be used, before the request waits for a thread. The answer is the same whatever is wrong
 * with the token, and so is the work: nothing is hashed and nothing is written.
 */
export const requireResetToken =
  (core: Core, handler: Handler<'resetPassword'>): Handler<'resetPassword'> =>
  async (c, operation) => {
    const refusal = await refusalOfReset(core, operation.body.token)
    if (refusal === undefined) return handler(c, operation)
    nameRefusal(c, 'token.refused', { ...refusal, reason: refusal.outcome })
    return operation.failure(401, 'Invalid reset token.')
  }
