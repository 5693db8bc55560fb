import type { EventRow } from '../store/events.ts'
import { listEvents } from '../store/events.ts'
import type { Handlers } from './contract.ts'
import type { Core } from './core.ts'
import { pageOf } from './cursor.ts'

const eventRecord = (event: EventRow) => ({
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

/** The contract's tag `admin`: events. Judged before, see `admin-access.ts`. */
export const adminEventHandlers = (core: Core): Pick<Handlers, 'listEvents'> => ({
  async listEvents(_c, { query, success }) {
    const { limit, cursor, name, since } = query
    const found = await listEvents(core.db, {
      userId: query.user_id,
      sessionId: query.session_id,
      name,
      since: since === undefined ? undefined : Date.parse(since),
      before: cursor === undefined ? undefined : Number(cursor),
      limit: limit + 1,
    })
    const { rows, nextCursor } = pageOf(found, limit, ({ position }) => String(position))
    return success(200, { events: rows.map(eventRecord), next_cursor: nextCursor })
  },
})
