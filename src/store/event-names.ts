/** Stable names, because alerts depend on them. `docs/events-and-webhook.md` describes each. */
export const SECURITY_EVENTS = [
  'user.registered',
  'user.deactivated',
  'user.activated',
  'user.deleted',
  'login.failed',
  'session.opened',
  'session.revoked',
  'session.restored',
  'sessions.revoked',
  'token.rotated',
  'token.refreshed',
  'token.replayed',
  'token.exchanged',
  'token.reuse_detected',
  'token.refused',
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

/** Events that an operator should look at. They are logged as warnings. */
export const WARNINGS: ReadonlySet<SecurityEvent> = new Set([
  'token.reuse_detected',
  'session.restored',
  'admin.refused',
])
