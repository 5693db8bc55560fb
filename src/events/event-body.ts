import type { EventRow } from '../store/queries/events.ts'

/** The JSON form of an event, as in the API, the webhook and the commands. */
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
