/** The contract's 429. */
import type { Context } from 'hono'
import type { Attempt } from '../../limits/guesses.ts'
import type { LimitRefusal } from '../../limits/refusal.ts'
import { foldCase } from '../../users/fold-case.ts'
import type { Env, Handler, OperationId, OperationWith, Reply, Respond } from '../contract.ts'
import type { Core } from '../core.ts'
import { refreshCookies, sentTokens } from './credentials.ts'
import { removeHeader, setHeader } from './headers.ts'
import { nameRefusal, recordRefusal } from './record.ts'
import { draftOf } from './respond.ts'

const MESSAGE = 'Too many requests.'

/** The operations that document the 429 */
type LimitedOperation = OperationWith<429, typeof MESSAGE>

type Verdict = 'succeeded' | 'failed' | 'undone'

/** Refuses a login when the account or the address has had too many failures. */
export const limitLogins =
  (core: Core, handler: Handler<'login'>): Handler<'login'> =>
  async (c, operation) => {
    const account = foldCase(operation.body.username)
    const attempt = await core.limits.login(account, c.get('address'))
    if ('until' in attempt) return operation.failure(429, tooMany(core, c, attempt))
    return finish(core, attempt, () => handler(c, operation))
  }

/** Refuses a registration when the address has made too many. */
export const limitRegistrations =
  (core: Core, handler: Handler<'register'>): Handler<'register'> =>
  async (c, operation) => {
    // Nothing can be registered, so nothing is counted.
    if (core.settings.registration === 'closed') return handler(c, operation)
    const attempt = await core.limits.register(c.get('address'))
    if ('until' in attempt) return operation.failure(429, tooMany(core, c, attempt))
    return finish(core, attempt, () => handler(c, operation))
  }

/** Refuses a password change after too many attempts, which may be guesses at the current password. */
export const limitPasswordChanges =
  (core: Core, handler: Handler<'changePassword'>): Handler<'changePassword'> =>
  async (c, operation) => {
    const { user, userId, sessionId } = c.get('access')
    const attempt = await core.limits.password(foldCase(user.username), sessionId, c.get('address'))
    if ('until' in attempt) return operation.failure(429, tooMany(core, c, attempt, { userId, sessionId }))
    // A 400 for an unsuitable new password reveals nothing about the current one.
    const verdictOf = (status: number) => (status === 400 ? 'undone' : status < 300 ? 'succeeded' : 'failed')
    return finish(core, attempt, () => handler(c, operation), verdictOf)
  }

const REFUSED_TOKEN: ReadonlySet<number> = new Set([400, 401, 404])

/** Of operations whose 400 or 404 says nothing about a token */
export const UNAUTHORIZED: ReadonlySet<number> = new Set([401])

/**
 * Counts refused tokens by address. They are counted after the operation, so that a valid token always passes.
 *
 * @param statuses of refused tokens
 */
export const limitRefusedTokens =
  <Id extends LimitedOperation>(core: Core, handler: Handler<Id>, statuses = REFUSED_TOKEN): Handler<Id> =>
  async (c, operation) => {
    // TypeScript cannot resolve the statuses of a type parameter. Here they are checked for all operations of its constraint.
    const { failure } = operation as unknown as Respond<LimitedOperation>
    const reply = await handler(c, operation)
    const { status, message } = draftOf(reply)
    // A nonce is outdated after minutes, so every client has to ask for another one.
    if (!statuses.has(status) || message === 'DPoP nonce required.') return reply
    const hasToken =
      operation.body !== undefined || sentTokens(c).length > 0 || refreshCookies(c, core.settings).length > 0
    if (!hasToken) return reply
    const refusal = await core.limits.failure(c.get('address'))
    if (refusal === undefined) return reply
    removeHeader(c, 'Set-Cookie')
    return failure(429, tooMany(core, c, refusal)) as Reply<Id>
  }

/** Counts forged tokens by the address of the API that asks. A valid token always passes (RFC 7662 §4: token scanning). */
export const limitIntrospections =
  (core: Core, handler: Handler<'introspect'>): Handler<'introspect'> =>
  async (c, operation) => {
    const reply = await handler(c, operation)
    if (!c.get('isForged')) return reply
    const refusal = await core.limits.failure(c.get('address'))
    return refusal === undefined ? reply : operation.failure(429, tooMany(core, c, refusal))
  }

/** Runs the operation and reports its result to the attempt. A failed attempt stays counted. */
async function finish<Id extends OperationId>(
  core: Core,
  attempt: Attempt,
  work: () => Reply<Id> | Promise<Reply<Id>>,
  verdictOf: (status: number) => Verdict = (status) => (status < 300 ? 'succeeded' : 'failed'),
): Promise<Reply<Id>> {
  let reply: Reply<Id>
  try {
    reply = await work()
  } catch (error) {
    await finishQuietly(core, attempt.undone)
    throw error
  }
  const verdict = verdictOf(draftOf(reply).status)
  await finishQuietly(core, attempt[verdict])
  return reply
}

// The operation has taken effect, so an error here must not change its answer.
async function finishQuietly(core: Core, end: () => Promise<void>): Promise<void> {
  try {
    await end()
  } catch (error) {
    core.log.warn({ err: error }, 'an attempt stays counted')
  }
}

/** Sets the headers of a 429 and records the first one per key and window. @returns the message of the 429 */
export function tooMany(
  core: Core,
  c: Context<Env>,
  { policy, until, isFirst }: LimitRefusal,
  subject: { readonly userId?: string; readonly sessionId?: string } = {},
): typeof MESSAGE {
  // Rounded up, so that a client that obeys does not retry too early.
  const seconds = Math.max(1, Math.ceil((until - core.now()) / 1000))
  setHeader(c, 'Retry-After', String(seconds))
  // draft-ietf-httpapi-ratelimit-headers
  setHeader(c, 'RateLimit', `"${policy.name}";r=0;t=${seconds}`)
  setHeader(c, 'RateLimit-Policy', `"${policy.name}";q=${policy.points};w=${policy.seconds}`)
  const details = { ...subject, reason: policy.name }
  if (isFirst) recordRefusal(core, c, 'limit.reached', details)
  else nameRefusal(c, 'limit.reached', details)
  return MESSAGE
}
