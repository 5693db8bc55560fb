import type { ActiveSession } from './list.ts'

const time = (at: number) => new Date(at).toISOString()

/** A session in JSON, as the contract's `Session` and the command show it */
export const sessionBody = (session: ActiveSession) => ({
  id: session.id,
  device: session.userAgent,
  address: session.address,
  created_at: time(session.createdAt),
  refreshed_at: time(session.refreshedAt),
  refresh_count: session.refreshCount,
  expires_at: time(session.endsAt),
})
