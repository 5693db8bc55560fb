import { createHash, randomInt, randomUUID } from 'node:crypto'
import type { Database } from '../schema.ts'

/** Where a request came from that something happened by. */
export interface Origin {
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
  /** By which kind of token, where there are two ways to the same */
  readonly kind?: 'refresh' | 'exchange'
}

/** The operator's own commands come from nowhere. */
export const OPERATOR: Origin = { address: null, userAgent: null, requestId: null }

export interface NewEvent {
  readonly name: string
  readonly userId?: string | null | undefined
  readonly sessionId?: string | null | undefined
  readonly reason?: string | undefined
}

// Rows. Their parameters fit into a statement of either dialect.
const BATCH = 500

/**
 * Writes events in this order. Whoever changes something calls it in the transaction of the change, so that there is
 * none of both without the other. @param now milliseconds since the epoch
 */
export async function insertEvents(
  db: Database,
  events: readonly NewEvent[],
  now: number,
  origin: Origin,
): Promise<void> {
  for (let at = 0; at < events.length; at += BATCH) {
    const rows = events.slice(at, at + BATCH).map((event) => rowOf(event, randomUUID(), now, origin))
    await db.insertInto('events').values(rows).execute()
  }
}

const HOUR = 3_600_000

// Rows an hour of what anybody can cause any number of times
const MAX_ROWS_PER_HOUR = 1000

// Refusals that a process remembers
const MAX_REMEMBERED = 10_000

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Keeps nearly all of a few, and at most a thousand an hour: the first in each of a thousand places, picked at random. For
 * the others it takes as long: no time tells from outside what is one of these and what is kept each time.
 * @param now milliseconds since the epoch
 */
export async function insertSampled(
  db: Database,
  event: NewEvent,
  now: number,
  origin: Origin,
): Promise<void> {
  const same = [event.name, event.reason, randomInt(MAX_ROWS_PER_HOUR), Math.floor(now / HOUR)]
  await db
    .insertInto('events')
    .values(rowOf(event, digest(JSON.stringify(same)).toString('base64url'), now, origin))
    // A write that changes nothing
    .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ name: eb.ref('excluded.name') })))
    .execute()
}

/**
 * Keeps an event that costs whoever causes it nothing. @param now milliseconds since the epoch
 * @param network where it came from, where neither user nor session is known
 */
export type RecordRefusal = (event: NewEvent, now: number, origin: Origin, network: string) => Promise<void>

/**
 * Of the same refusal the first in an hour only: whoever holds a token that is over may present it again and again, and
 * is not to fill the disk with it.
 */
export function oncePerHour(db: Database): RecordRefusal {
  const written = new Set<string>()
  return async (event, now, origin, network) => {
    const whose = event.userId ?? event.sessionId ?? digest(network).readUInt32BE() % MAX_ROWS_PER_HOUR
    const same = [event.name, whose, event.sessionId, event.reason, origin.kind, Math.floor(now / HOUR)]
    const id = digest(JSON.stringify(same)).toString('base64url')
    if (written.has(id)) return
    await db
      .insertInto('events')
      .values(rowOf(event, id, now, origin))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    if (written.size >= MAX_REMEMBERED) written.clear()
    written.add(id)
  }
}

const rowOf = (event: NewEvent, id: string, now: number, origin: Origin) => ({
  id,
  occurred_at: now,
  name: event.name,
  user_id: event.userId ?? null,
  session_id: event.sessionId ?? null,
  reason: event.reason ?? null,
  kind: origin.kind ?? null,
  address: origin.address,
  user_agent: origin.userAgent,
  request_id: origin.requestId,
})

/** Times in milliseconds since the epoch. */
export interface EventRow {
  /** Where a list goes on: see {@link EventFilter} */
  readonly position: number
  readonly id: string
  readonly occurredAt: number
  readonly name: string
  readonly userId: string | null
  readonly sessionId: string | null
  readonly reason: string | null
  readonly kind: string | null
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
}

export const EVENT = [
  'events.position as position',
  'events.id as id',
  'events.occurred_at as occurredAt',
  'events.name as name',
  'events.user_id as userId',
  'events.session_id as sessionId',
  'events.reason as reason',
  'events.kind as kind',
  'events.address as address',
  'events.user_agent as userAgent',
  'events.request_id as requestId',
] as const

export interface EventFilter {
  readonly userId?: string | undefined
  readonly sessionId?: string | undefined
  readonly name?: string | undefined
  /** Milliseconds since the epoch */
  readonly since?: number | undefined
  /** The position of the last one of the page before this */
  readonly before?: number | undefined
  /** Rows */
  readonly limit: number
}

const matching = (db: Database, { userId, sessionId, name, since }: Omit<EventFilter, 'before' | 'limit'>) =>
  db
    .selectFrom('events')
    .select(EVENT)
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
    .$if(sessionId !== undefined, (query) => query.where('session_id', '=', sessionId ?? ''))
    .$if(name !== undefined, (query) => query.where('name', '=', name ?? ''))
    .$if(since !== undefined, (query) => query.where('occurred_at', '>=', since ?? 0))

/** The newest first, page by page. */
export function listEvents(db: Database, { before, limit, ...filter }: EventFilter): Promise<EventRow[]> {
  return matching(db, filter)
    .$if(before !== undefined, (query) => query.where('position', '<', before ?? 0))
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
}

/** The oldest first, from behind a position. */
export function eventsAfter(
  db: Database,
  { after, limit, ...filter }: Omit<EventFilter, 'before'> & { readonly after: number },
): Promise<EventRow[]> {
  return matching(db, filter).where('position', '>', after).orderBy('position').limit(limit).execute()
}
