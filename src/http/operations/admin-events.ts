import { instantOf } from '../../date-time.ts'
import { eventBody } from '../../events/event-body.ts'
import { listEvents } from '../../store/queries/events.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { pageOf } from './pagination.ts'

/** Handlers of the contract's tag `admin`: events. The admin token was checked before: see `guards.ts`. */
export const adminEventHandlers = (core: Core): Pick<Handlers, 'listEvents'> => ({
  async listEvents(_c, { query, success }) {
    const { limit, cursor, type, since } = query
    const found = await listEvents(core.db, {
      userId: query.user_id,
      sessionId: query.session_id,
      name: type,
      since: since === undefined ? undefined : instantOf(since),
      before: cursor === undefined ? undefined : Number(cursor),
      limit: limit + 1,
    })
    const { rows, nextCursor } = pageOf(found, limit, ({ position }) => String(position))
    return success(200, { events: rows.map(eventBody), next_cursor: nextCursor })
  },
})
