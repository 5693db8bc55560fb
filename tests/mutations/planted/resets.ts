import type { Mutation } from '../mutation.ts'

const tests = ['tests/http/password-reset.test.ts'] as const
const users = 'src/users/reset-password.ts'
const store = 'src/store/queries/password-resets.ts'

/** Reset tokens */
export const resetFaults: readonly Mutation[] = [
  {
    file: store,
    find: "      .where('used_at', 'is', null)\n",
    replace: '',
    why: 'two requests at once set two passwords with one token',
    tests,
  },
  {
    file: store,
    find: "    .where('deactivated_at', 'is', null)\n",
    replace: '',
    why: 'a deactivated user gets a reset token',
    tests,
  },
  {
    file: store,
    find: "conflict.column('user_id').doUpdateSet(token)",
    replace: "conflict.column('user_id').doNothing()",
    why: 'a new reset token is worth nothing, and the old one stays',
    tests,
  },
  {
    file: 'src/store/queries/password-changes.ts',
    find: '    await dropReset(trx, userId)\n    await trx',
    replace: '    await trx',
    why: 'a reset token outlives a password change',
    tests,
  },
  {
    file: 'src/store/queries/password-changes.ts',
    find: 'if (ending !== undefined) await dropReset(trx, userId)',
    replace: '',
    why: 'a reset token outlives the password of an operator',
    tests,
  },
  {
    file: 'src/store/queries/users.ts',
    find: '    await dropReset(trx, id)\n',
    replace: '',
    why: 'a reset token is good again when its user is activated again',
    tests,
  },
  {
    file: users,
    find: "createHash('sha256').update(token).digest('base64url')",
    replace: 'createHash ? token : token',
    why: 'a reset token is kept as it is',
    tests,
  },
  {
    file: users,
    find: "return found.expiresAt <= now ? { outcome: 'expired', userId } : undefined",
    replace: 'return undefined',
    why: 'an expired reset token costs a hash before it is refused',
    tests,
  },
  {
    file: users,
    find: '    await forgetReset(db, tokenHash)\n',
    replace: '',
    why: 'a used reset token tells again and again whether a guess is the new password',
    tests,
  },
  {
    file: users,
    find: 'if (await passwords.verify(found.passwordHash, newPassword))',
    replace: 'if (newPassword !== "")',
    why: 'a repeated reset with another password is told that it was set',
    tests,
  },
  {
    file: 'src/limits/limits.ts',
    find: '      await guesses.forgive([...delays(pair), ...loginAccount(pair), ...loginAddress(pair)])\n',
    replace: '',
    why: 'who has reset the password has to wait for as long as who has forgotten it',
    tests,
  },
  {
    file: 'src/limits/limits.ts',
    find: "      for (const counter of successes(pair, account)) await counter.giveBack(context.db, 'succeeded')\n",
    replace: '',
    why: 'strangers keep out who has reset the password',
    tests,
  },
  {
    file: 'src/http/pipeline/guards.ts',
    find: '      UNAUTHORIZED,\n    ),',
    replace: '    ),',
    why: 'a password that is not acceptable counts as a guess at a token',
    tests,
  },
  {
    file: 'src/http/pipeline/guards.ts',
    find: 'requireResetToken(core, inTurn(core, handlers.resetPassword))',
    replace: 'inTurn(core, requireResetToken(core, handlers.resetPassword))',
    why: 'made-up reset tokens fill the queue of logins',
    tests,
  },
  {
    file: 'src/sessions/prune.ts',
    find: 'pruneResets(db, replacedBefore(), batch)',
    replace: 'pruneResets(db, context.now(), batch)',
    why: 'a reset cannot be repeated because it was pruned',
    tests,
  },
]
