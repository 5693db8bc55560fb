import { createHash, randomInt, randomUUID } from 'node:crypto'
import type { SecurityEvent } from '../event-names.ts'
import { LANES, laneOf } from '../event-names.ts'
import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import { defined } from './defined.ts'

/** The request that caused an event. */
export interface Origin {
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
  /** The kind of token, for events that both refreshes and exchanges cause */
  readonly kind?: 'refresh' | 'exchange'
}

/** The operator's commands are not requests. */
export const OPERATOR: Origin = { address: null, userAgent: null, requestId: null }

export interface NewEvent {
  readonly name: SecurityEvent
  readonly userId?: string | null | undefined
  readonly sessionId?: string | null | undefined
  readonly reason?: string | undefined
  /** When it happened, in milliseconds since the epoch, if that was before it is written: a deadline */
  readonly at?: number | undefined
}

// Rows. Their parameters fit into one statement of either dialect.
const BATCH = 500

/**
 * Writes events in the given order. Callers that change something call it in the transaction of the change, so that
 * both or neither are committed.
 *
 * @param now milliseconds since the epoch
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
  for (const { name, sessionId } of events) {
    if (sessionId && laneOf(name, true) === LANES.alarms) await hastenSession(db, sessionId)
  }
}

/** The undelivered events of a session that come before an alarm overtake others as well, because it waits for them. */
async function hastenSession(db: Database, sessionId: string): Promise<void> {
  await db
    .updateTable('events')
    .set({ lane: LANES.alarms })
    .where('session_id', '=', sessionId)
    .where('deliver_at', 'is not', null)
    .where('lane', '<>', LANES.alarms)
    .execute()
}

/**
 * Writes an event unless there is one with the same identity.
 *
 * @param identity what must not be reported twice, with the name of the event
 * @param now milliseconds since the epoch
 * @returns whether it was written
 */
export async function insertOnce(
  db: Database,
  event: NewEvent,
  identity: readonly unknown[],
  now: number,
  origin: Origin,
): Promise<boolean> {
  const id = idOf([event.name, ...identity])
  return transaction(db, async (trx) => {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto('events')
      .values(rowOf(event, id, now, origin))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    const isNew = Number(numInsertedOrUpdatedRows) > 0
    if (isNew && event.sessionId) await hastenSession(trx, event.sessionId)
    return isNew
  })
}

const HOUR = 3_600_000

// For events that anybody can cause any number of times
const MAX_ROWS_PER_HOUR = 1000

// The number of refusals that a process remembers
const MAX_REMEMBERED = 10_000

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Events with the same identity have the same id, so only one of them is kept. */
const idOf = (identity: readonly unknown[]) => digest(JSON.stringify(identity)).toString('base64url')

/**
 * Keeps at most a thousand events of a kind per hour. Each event picks one of a thousand ids at random, and the first
 * event with an id is kept. A dropped event also causes a write, so that response times do not reveal which events
 * are sampled.
 *
 * @param now milliseconds since the epoch
 */
export async function insertSampled(
  db: Database,
  event: NewEvent,
  now: number,
  origin: Origin,
): Promise<void> {
  const identity = [event.name, event.reason, randomInt(MAX_ROWS_PER_HOUR), Math.floor(now / HOUR)]
  await db
    .insertInto('events')
    .values(rowOf(event, idOf(identity), now, origin))
    // This write changes nothing.
    .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ name: eb.ref('excluded.name') })))
    .execute()
}

/**
 * Keeps an event that anybody can cause without effort.
 *
 * @param now milliseconds since the epoch
 * @param network the network of the client, used if user and session are unknown
 */
export type RecordRefusal = (event: NewEvent, now: number, origin: Origin, network: string) => Promise<void>

/**
 * Creates a function that keeps only the first of equal refusals in an hour. Otherwise a client could fill the disk
 * by presenting an invalid token again and again.
 */
export function oncePerHour(db: Database): RecordRefusal {
  const written = new Set<string>()
  return async (event, now, origin, network) => {
    const subject = event.userId ?? event.sessionId ?? digest(network).readUInt32BE() % MAX_ROWS_PER_HOUR
    const identity = [event.name, subject, event.sessionId, event.reason, origin.kind, Math.floor(now / HOUR)]
    const id = idOf(identity)
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
  occurred_at: event.at ?? now,
  name: event.name,
  user_id: event.userId ?? null,
  session_id: event.sessionId ?? null,
  reason: event.reason ?? null,
  kind: origin.kind ?? null,
  address: origin.address,
  user_agent: origin.userAgent,
  request_id: origin.requestId,
  lane: laneOf(event.name, event.sessionId != null),
})

/** A stored event. Times are in milliseconds since the epoch. */
export interface EventRow {
  /** The cursor of a list: see {@link EventFilter} */
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
  /** The position of the last event of the previous page */
  readonly before?: number | undefined
  /** The maximum number of rows */
  readonly limit: number
}

const matching = (db: Database, { userId, sessionId, name, since }: Omit<EventFilter, 'before' | 'limit'>) =>
  db
    .selectFrom('events')
    .select(EVENT)
    .where((eb) => eb.and(defined({ user_id: userId, session_id: sessionId, name })))
    .$if(since !== undefined, (query) => query.where('occurred_at', '>=', Number(since)))

/** Lists a page of events, the newest first. */
export function listEvents(
  db: Database,
  { before = Number.MAX_SAFE_INTEGER, limit, ...filter }: EventFilter,
): Promise<EventRow[]> {
  return matching(db, filter)
    .where('position', '<', before)
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
}

/** Lists events after a position, the oldest first. */
export function eventsAfter(
  db: Database,
  { after, limit, ...filter }: Omit<EventFilter, 'before'> & { readonly after: number },
): Promise<EventRow[]> {
  return matching(db, filter).where('position', '>', after).orderBy('position').limit(limit).execute()
}
