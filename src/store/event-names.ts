/** Stable names, because alerts depend on them. `docs/events-and-webhook.md` describes each. */
export const SECURITY_EVENTS = [
  'user.registered',
  'user.deactivated',
  'user.activated',
  'user.renamed',
  'user.claims_changed',
  'user.deleted',
  'login.failed',
  'session.opened',
  'session.bound',
  'session.revoked',
  'session.expired',
  'session.restored',
  'sessions.revoked',
  'token.rotated',
  'token.refreshed',
  'token.replayed',
  'token.exchanged',
  'token.reuse_detected',
  'token.shared',
  'token.unproven',
  'token.refused',
  'password.reset_requested',
  'password.changed',
  'password.refused',
  'limit.reached',
  'admin.refused',
] as const

export type SecurityEvent = (typeof SECURITY_EVENTS)[number]

/** Usual outcomes of very frequent requests. They are logged in the line of the request and not stored. */
export const ROUTINE: ReadonlySet<SecurityEvent> = new Set([
  'token.rotated',
  'token.refreshed',
  'token.replayed',
  'token.exchanged',
])

/**
 * Events that an operator should look at. They are logged as warnings, and overtake all others on their way to the
 * webhook. This is the only list of them.
 */
export const ALARMS: ReadonlySet<SecurityEvent> = new Set([
  'token.reuse_detected',
  'token.shared',
  'token.unproven',
  'session.restored',
  'admin.refused',
])

/** Events that anybody can cause, without an account. With a session they need an authentic token. */
const ANYBODYS: ReadonlySet<SecurityEvent> = new Set([
  'user.registered',
  'login.failed',
  'limit.reached',
  'admin.refused',
])

/** Ways to the webhook. No event waits for one in another lane, except for earlier ones of its own session. */
export const LANES = { alarms: 0, alarmsByAnybody: 1, others: 2, byAnybody: 3 } as const

export type Lane = (typeof LANES)[keyof typeof LANES]

export function laneOf(name: SecurityEvent, hasSession: boolean): Lane {
  const isByAnybody = ANYBODYS.has(name) && !hasSession
  if (ALARMS.has(name)) return isByAnybody ? LANES.alarmsByAnybody : LANES.alarms
  return isByAnybody ? LANES.byAnybody : LANES.others
}
