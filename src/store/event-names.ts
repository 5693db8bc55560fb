/** Stable names: alerts are built on them. What each tells is in `docs/events-and-webhook.md`. */
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

/** The usual outcomes of requests that come in by the thousand: they are told in the line of the request, and not kept. */
export const ROUTINE: ReadonlySet<SecurityEvent> = new Set([
  'token.rotated',
  'token.refreshed',
  'token.replayed',
  'token.exchanged',
])

/** What somebody should look at: warnings in the log. */
export const WARNINGS: ReadonlySet<SecurityEvent> = new Set([
  'token.reuse_detected',
  'session.restored',
  'admin.refused',
])
