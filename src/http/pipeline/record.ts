import type { Context } from 'hono'
import { networkOf } from '../../limits/networks.ts'
import type { SecurityEvent } from '../../store/event-names.ts'
import { ALARMS } from '../../store/event-names.ts'
import type { NewEvent, Origin } from '../../store/queries/events.ts'
import { insertEvents, insertSampled } from '../../store/queries/events.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { withoutSecrets } from './secrets-in-text.ts'

// Characters. Longer than the User-Agent of any browser.
const USER_AGENT_LENGTH = 256
// Characters. Enough for a name and one of our tokens. The search takes quadratic time: 0.3 s for 15 KiB.
const MAX_SEARCHED = 1024

// Texts that a process remembers. There are far fewer browsers and libraries.
const MAX_REMEMBERED = 1000

const devices = new WeakMap<Core['holdsSecret'], Map<string, string>>()

/** A User-Agent as it may be kept: a misconfigured client may send its token there. The search takes longer than a refresh. */
function deviceOf({ holdsSecret }: Core, userAgent: string): string {
  const text = userAgent.slice(0, MAX_SEARCHED)
  const known = devices.get(holdsSecret) ?? new Map<string, string>()
  devices.set(holdsSecret, known)
  const device = known.get(text) ?? withoutSecrets(text, holdsSecret).slice(0, USER_AGENT_LENGTH)
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(text, device)
  return device
}

/** The request as the origin of an event */
export function originOf(core: Core, c: Context<Env>, kind?: 'refresh' | 'exchange'): Origin {
  const userAgent = c.req.header('User-Agent')
  return {
    address: c.get('address'),
    userAgent: userAgent === undefined ? null : deviceOf(core, userAgent),
    requestId: c.get('requestId'),
    ...(kind !== undefined && { kind }),
  }
}

/** Only ids and names. Tokens, cookies, passwords, usernames and secrets must not get into a log. */
interface EventDetails {
  readonly userId?: string | null | undefined
  readonly sessionId?: string | null | undefined
  readonly reason?: string | undefined
  readonly kind?: 'refresh' | 'exchange'
}

const fieldsOf = (c: Context<Env>, event: SecurityEvent, details: EventDetails) => ({
  event,
  request_id: c.get('requestId'),
  user_id: details.userId ?? undefined,
  session_id: details.sessionId ?? undefined,
  reason: details.reason,
  kind: details.kind,
})

/** Counts the usual outcome of a frequent request and adds it to the request's line in the log. */
export function logOutcome(core: Core, c: Context<Env>, event: SecurityEvent, details: EventDetails): void {
  core.metrics?.happened(event)
  c.set('outcome', fieldsOf(c, event, details))
}

/**
 * Names the refusal of a request in the request's line. It is not called `event` there, so that nobody counts it twice.
 * Refusals that are frequent and no sign of an attack have no event, only this.
 */
export function nameRefusal(c: Context<Env>, refusal: SecurityEvent, details: EventDetails): void {
  const { event: _, ...fields } = fieldsOf(c, refusal, details)
  c.set('outcome', { refusal, ...fields })
}

/** Counts and logs events that the store has written. */
export function logEvents(
  core: Core,
  c: Context<Env>,
  events: readonly NewEvent[],
  kind?: 'refresh' | 'exchange',
): void {
  // Sessions may have ended, and APIs that follow the feed want to know.
  if (events.length > 0) core.feed?.wake()
  for (const { name, ...details } of events) logEvent(core, c, name, { ...details, ...(kind && { kind }) })
  const [first] = events
  if (first !== undefined) c.set('outcome', { user_id: first.userId ?? undefined, ...c.get('outcome') })
}

function logEvent(core: Core, c: Context<Env>, event: SecurityEvent, details: EventDetails): void {
  core.metrics?.happened(event)
  core.log[ALARMS.has(event) ? 'warn' : 'info'](fieldsOf(c, event, details), event)
}

/** Events of refused requests. These change nothing else, so no transaction of the store writes their events. */
export type RefusalEvent =
  | 'login.failed'
  | 'password.refused'
  | 'token.refused'
  | 'limit.reached'
  | 'admin.refused'

/** Counts and logs a refusal. Writes its event to the database unless such events are not kept. */
export function recordRefusal(
  core: Core,
  c: Context<Env>,
  event: RefusalEvent,
  details: EventDetails = {},
): void {
  logEvent(core, c, event, details)
  nameRefusal(c, event, details)
  const written = keep(core, c, event, details)?.catch((err: unknown) => {
    // The answer is the same without the event.
    core.log.error({ err, request_id: c.get('requestId') }, 'event not kept')
  })
  if (written !== undefined) c.set('recorded', Promise.all([c.get('recorded'), written]))
}

// Usual ends of tokens, which are no sign of an attack
const ORDINARY = new Set<string | undefined>(['expired', 'outdated', 'session_expired', 'spent'])

/** @returns undefined for an event that is not kept */
function keep(
  core: Core,
  c: Context<Env>,
  name: RefusalEvent,
  { userId, sessionId, reason, kind }: EventDetails,
): Promise<void> | undefined {
  const event = { name, userId, sessionId, reason }
  const now = core.now()
  const origin = originOf(core, c, kind)
  const keepEach = () => insertEvents(core.db, [event], now, origin)
  const keepFirst = () => core.recordRefusal(event, now, origin, networkOf(c.get('address')))
  switch (name) {
    case 'login.failed':
      // No password was tried.
      if (reason === 'cross_site') return undefined
      // Limits bound the failures of each account, but not the number of made-up names.
      return userId === undefined ? insertSampled(core.db, event, now, origin) : keepEach()
    case 'password.refused':
      // An unsuitable new password is not a guess at the current one.
      return reason === 'unfit_password' ? undefined : keepEach()
    case 'token.refused':
      // Without a user, the token is not ours. Anyone can send such tokens.
      return userId === undefined || ORDINARY.has(reason) ? undefined : keepFirst()
    case 'limit.reached':
    case 'admin.refused':
      return keepFirst()
  }
}
