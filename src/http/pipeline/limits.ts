/** Limits as HTTP tells them: the contract's 429. */
import type { Context } from 'hono'
import type { Attempt } from '../../limits/guesses.ts'
import type { LimitRefusal } from '../../limits/refusal.ts'
import { foldCase } from '../../users/fold-case.ts'
import type { Env, Handlers, OperationId, Reply } from '../contract.ts'
import type { Core } from '../core.ts'
import { bearerToken, refreshCookie } from './credentials.ts'
import type { EventDetails } from './record.ts'
import { record } from './record.ts'
import { draftOf } from './respond.ts'

const MESSAGE = 'Too many requests.'

/** The handlers, those that anybody can call behind their limits. */
export function limited(core: Core, handlers: Handlers): Handlers {
  /** A refused token is counted after the fact, so that a good one passes whatever comes from its address. */
  async function counted<Id extends OperationId>(
    c: Context<Env>,
    handling: Reply<Id> | Promise<Reply<Id>>,
    fail: (status: 429, message: typeof MESSAGE) => Reply<Id>,
    hasToken: (c: Context<Env>) => boolean,
  ): Promise<Reply<Id>> {
    const reply = await handling
    if (![400, 401, 404].includes(draftOf(reply).status) || !hasToken(c)) return reply
    const refusal = await core.limits.failure(c.get('address'))
    if (refusal === undefined) return reply
    delete c.get('headers')['Set-Cookie']
    return fail(429, tooMany(core, c, refusal))
  }
  const presents = (c: Context<Env>) => (bearerToken(c) ?? refreshCookie(c, core.settings)) !== undefined

  return {
    ...handlers,

    async login(c, operation) {
      const account = foldCase(operation.body.username)
      const attempt = await core.limits.login(account, c.get('address'))
      if ('until' in attempt) return operation.failure(429, tooMany(core, c, attempt))
      return finish(core, attempt, () => handlers.login(c, operation), verdictOf)
    },

    async register(c, operation) {
      if (core.settings.registration === 'closed') return handlers.register(c, operation)
      const attempt = await core.limits.register(c.get('address'))
      if ('until' in attempt) return operation.failure(429, tooMany(core, c, attempt))
      return finish(core, attempt, () => handlers.register(c, operation), verdictOf)
    },

    refreshToken: (c, operation) =>
      counted(c, handlers.refreshToken(c, operation), operation.failure, presents),

    exchangeToken: (c, operation) =>
      counted(c, handlers.exchangeToken(c, operation), operation.failure, () => true),

    logout: (c, operation) => counted(c, handlers.logout(c, operation), operation.failure, presents),
  }
}

const verdictOf = (reply: Reply<OperationId>) => (draftOf(reply).status < 300 ? 'succeeded' : 'failed')

/** Does the work, and gives back what it was counted by, unless it failed. */
export async function finish<T>(
  core: Core,
  attempt: Attempt,
  work: () => T | Promise<T>,
  judgeOf: (result: T) => 'succeeded' | 'failed' | 'undone',
): Promise<T> {
  let result: T
  try {
    result = await work()
  } catch (error) {
    await finishQuietly(core, attempt.undone)
    throw error
  }
  const verdict = judgeOf(result)
  if (verdict !== 'failed') await finishQuietly(core, attempt[verdict])
  return result
}

// What was done is done, and answered as such.
async function finishQuietly(core: Core, end: () => Promise<void>): Promise<void> {
  try {
    await end()
  } catch (error) {
    core.log.warn({ err: error }, 'a try stays counted')
  }
}

/** Sets the headers of a 429, and notes it, once for each key and window. @returns its message */
export function tooMany(
  core: Core,
  c: Context<Env>,
  { policy, until, isFirst: isNews }: LimitRefusal,
  details: EventDetails = {},
): typeof MESSAGE {
  // A retry that comes after so many seconds must not be too early.
  const seconds = Math.max(1, Math.ceil((until - core.now()) / 1000))
  c.get('headers')['Retry-After'] = String(seconds)
  // draft-ietf-httpapi-ratelimit-headers
  c.get('headers')['RateLimit'] = `"${policy.name}";r=0;t=${seconds}`
  c.get('headers')['RateLimit-Policy'] = `"${policy.name}";q=${policy.points};w=${policy.seconds}`
  if (isNews) record(core, c, 'limit.reached', { ...details, reason: policy.name })
  return MESSAGE
}
