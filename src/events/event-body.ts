import type { EventRow } from '../store/queries/events.ts'

/** An event as JSON has it everywhere: times in ISO 8601, UTC. */
export const eventBody = (event: EventRow) => ({
  id: event.id,
  time: new Date(event.occurredAt).toISOString(),
  name: event.name,
  user_id: event.userId,
  session_id: event.sessionId,
  reason: event.reason,
  kind: event.kind,
  address: event.address,
  user_agent: event.userAgent,
  request_id: event.requestId,
})
