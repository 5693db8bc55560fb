import type { EventRow } from '../store/queries/events.ts'

/** The JSON form of an event, in the API, the webhook and the commands: that of Standard Webhooks. */
export const eventBody = (event: EventRow) => ({
  id: event.id,
  type: event.name,
  timestamp: new Date(event.occurredAt).toISOString(),
  data: {
    user_id: event.userId,
    session_id: event.sessionId,
    reason: event.reason,
    kind: event.kind,
    address: event.address,
    user_agent: event.userAgent,
    request_id: event.requestId,
  },
})
