import type { Context } from 'hono'
import type { SecurityEvent } from '../../events/names.ts'
import { ROUTINE, WARNINGS } from '../../events/names.ts'
import { networkOf } from '../../limits/networks.ts'
import type { Origin } from '../../store/queries/events.ts'
import { insertEvents, insertSampled } from '../../store/queries/events.ts'
import type { RevocationReason } from '../../store/queries/revocations.ts'
import { revocationEvents } from '../../store/queries/revocations.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'

/** Ids and names of outcomes only: no token, cookie, password, username or secret goes into a log. */
export interface EventDetails {
  readonly userId?: string | undefined
  readonly sessionId?: string | undefined
  readonly reason?: string
  readonly kind?: 'refresh' | 'exchange'
}

// Long enough for every browser
const USER_AGENT_LENGTH = 256

// Somebody configures a client wrongly, and sends its token as its name.
const JWT = /ey[\w-]{8,}\.[\w-]+\.[\w-]*/g
// With a token of ours in it. The search takes the square of the length: 0.3 s for a header of 15 KiB.
const MAX_SEARCHED = 1024

/** What a browser or program calls itself. */
const userAgent = (c: Context<Env>): string | null =>
  c.req.header('User-Agent')?.slice(0, MAX_SEARCHED).replace(JWT, '[token]').slice(0, USER_AGENT_LENGTH) ??
  null

/** Where the request came from. */
export const originOf = (c: Context<Env>, kind?: 'refresh' | 'exchange'): Origin => ({
  address: c.get('address'),
  userAgent: userAgent(c),
  requestId: c.get('requestId'),
  ...(kind !== undefined && { kind }),
})

/** Tells the log, and keeps what changes nothing else: what changes something is kept in the transaction that does. */
export function record(core: Core, c: Context<Env>, event: SecurityEvent, details: EventDetails = {}): void {
  const fields = {
    event,
    request_id: c.get('requestId'),
    user_id: details.userId,
    session_id: details.sessionId,
    reason: details.reason,
    kind: details.kind,
  }
  core.metrics?.happened(event)
  if (ROUTINE.has(event)) {
    c.set('outcome', fields)
    return
  }
  core.log[WARNINGS.has(event) ? 'warn' : 'info'](fields, event)
  const written = keep(core, c, event, details)
  if (written !== undefined)
    c.set('recorded', Promise.all([c.get('recorded'), written.catch(failed(core, c))]))
}

/** Tells of the sessions of a user that ended at once. */
export function recordEnds(
  core: Core,
  c: Context<Env>,
  userId: string,
  ended: readonly string[],
  reason: RevocationReason,
): void {
  for (const { name, ...details } of revocationEvents(userId, ended, reason)) record(core, c, name, details)
}

// Every token ends like this some day, or as often as clients exchange theirs.
const ORDINARY = new Set<string | undefined>(['expired', 'session_expired', 'spent'])

/** @returns undefined for what is not kept by itself */
function keep(
  core: Core,
  c: Context<Env>,
  name: SecurityEvent,
  { userId, sessionId, reason, kind }: EventDetails,
): Promise<void> | undefined {
  const event = { name, userId, sessionId, reason }
  const now = core.now()
  const each = () => insertEvents(core.db, [event], now, originOf(c, kind))
  const first = () => core.recordRefusal(event, now, originOf(c, kind), networkOf(c.get('address')))
  switch (name) {
    case 'login.failed':
      // Before any password was tried
      if (reason === 'cross_site') return undefined
      // Limits bound those of an account; there is no end of names that nobody has.
      return userId === undefined ? insertSampled(core.db, event, now, originOf(c, kind)) : each()
    case 'password.refused':
      // Of the new one, which is no guess at anything
      return reason === 'unfit_password' ? undefined : each()
    case 'token.refused':
      // Anybody can make tokens that are not ours.
      return userId === undefined || ORDINARY.has(reason) ? undefined : first()
    case 'limit.reached':
    case 'admin.refused':
      return first()
    default:
      return undefined
  }
}

// The answer is right all the same, and the log has it.
const failed = (core: Core, c: Context<Env>) => (err: unknown) =>
  core.log.error({ err, request_id: c.get('requestId') }, 'event not kept')
