import type { Context } from 'hono'
import type { Env } from './contract.ts'
import type { Core } from './core.ts'

/** Stable names: alerts are built on them. */
export type SecurityEvent =
  | 'user.registered'
  | 'login.failed'
  | 'session.opened'
  | 'session.revoked'
  | 'session.restored'
  | 'token.rotated'
  | 'token.refreshed'
  | 'token.replayed'
  | 'token.exchanged'
  | 'token.reuse_detected'
  | 'token.refused'
  | 'password.changed'
  | 'password.refused'

const WARNINGS: ReadonlySet<SecurityEvent> = new Set(['token.reuse_detected', 'session.restored'])

/** Ids and names of outcomes only: no token, cookie, password, username or secret goes into a log. */
export interface EventDetails {
  readonly userId?: string | undefined
  readonly sessionId?: string | undefined
  readonly reason?: string
  readonly kind?: 'refresh' | 'exchange'
}

// The usual outcomes of requests that come in by the thousand: they are told in the line of the request.
const ROUTINE: ReadonlySet<SecurityEvent> = new Set([
  'token.rotated',
  'token.refreshed',
  'token.replayed',
  'token.exchanged',
])

export function record(core: Core, c: Context<Env>, event: SecurityEvent, details: EventDetails = {}): void {
  const fields = {
    event,
    request_id: c.var.requestId,
    user_id: details.userId,
    session_id: details.sessionId,
    reason: details.reason,
    kind: details.kind,
  }
  if (ROUTINE.has(event)) c.set('outcome', fields)
  else core.log[WARNINGS.has(event) ? 'warn' : 'info'](fields, event)
}
