import type { Explained } from './explain.ts'
import type { ActiveSession } from './list.ts'

const time = (at: number) => new Date(at).toISOString()

/** Where a session was last refreshed from */
export const lastOrigin = (session: ActiveSession) => ({
  // Null: as at the login. Empty: unknown
  device: session.refreshedUserAgent === null ? session.userAgent : session.refreshedUserAgent || null,
  address: session.refreshedAddress === null ? session.address : session.refreshedAddress || null,
})

/** What each refresh of a session has to prove its key with. Null: it is bound to none */
export function bindingOf({ jkt, boundAt }: ActiveSession): 'dpop' | 'dbsc' | null {
  if (jkt !== null) return 'dpop'
  return boundAt === null ? null : 'dbsc'
}

/** A session in JSON, as the contract's `Session` and the command show it */
export const sessionBody = (session: ActiveSession) => ({
  id: session.id,
  device: session.userAgent,
  address: session.address,
  created_at: time(session.createdAt),
  refreshed_at: time(session.refreshedAt),
  refresh_count: session.refreshCount,
  refreshed_device: lastOrigin(session).device,
  refreshed_address: lastOrigin(session).address,
  binding: bindingOf(session),
  expires_at: time(session.endsAt),
})

/** How a session ended, in JSON, as the contract's `ExplainedSession` and the command show it */
export const explainedBody = (session: Explained) => ({
  id: session.id,
  device: session.userAgent,
  address: session.address,
  created_at: time(session.createdAt),
  refreshed_at: session.refreshedAt === null ? null : time(session.refreshedAt),
  ended_at: session.endedAt === null ? null : time(session.endedAt),
  reason: session.reason,
  explanation: session.explanation,
})
