import type { Delivery } from '../store/queries/deliveries.ts'
import {
  claimDeliveries,
  endDelivery,
  postponeDelivery,
  recallDeliveries,
} from '../store/queries/deliveries.ts'
import type { Database } from '../store/schema.ts'
import type { Answered, Webhook } from './webhook.ts'
import { send } from './webhook.ts'

// Milliseconds
const POLL = 1000
/** Longer than an attempt takes */
const CLAIM = 30_000
const FIRST_DELAY = 250
const MAX_DELAY = 300_000
/** Clocks of two processes may differ by so much. Beyond it one was wrong. */
const SKEW = 60_000
/** Of all, while nobody answers */
const MAX_PAUSE = 30_000
/** For what is on its way when the service stops: it is sent again otherwise */
const PATIENCE = 1000

/** At a time, of as many sessions */
const CONCURRENCY = 8

// So often the receiver may refuse an event: a day and a bit.
const MAX_REFUSALS = 400

const isDelivered = (answered: Answered) => answered !== undefined && answered >= 200 && answered < 300

// As a rule it has nothing to do with what was sent: nobody is there, or not the right one, or they are busy or do not
// know us.
const NOBODY = new Set<Answered>([undefined, 401, 403, 404, 408, 429, 502, 503, 504])
const isOutage = (answered: Answered) =>
  NOBODY.has(answered) || (answered !== undefined && answered >= 300 && answered < 400)

/** What it tells of itself; pino's loggers will do. */
export interface DeliveryLog {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface DeliveryContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly log: DeliveryLog
  readonly settings: { readonly webhook: Webhook | undefined }
}

interface State {
  isStopped: boolean
  /** Attempts in a row that found nobody; those at the same time count as one */
  outages: number
  /** Ends a pause */
  wake(): void
}

/**
 * Posts events to the webhook, if there is one: at least once, those of a session in their order. Any number of
 * processes may do so on one database: `docs/adr/0021-events.md`.
 *
 * @returns stops it: what is on its way has some seconds, and what is not delivered waits for the next start
 */
export function startDelivery(context: DeliveryContext): () => Promise<void> {
  const { webhook } = context.settings
  if (webhook === undefined) return async () => {}
  const state: State = { isStopped: false, outages: 0, wake: () => {} }
  const cut = new AbortController()
  const running = deliverAll(context, webhook, state, cut.signal)
  return async () => {
    state.isStopped = true
    state.wake()
    const timer = setTimeout(() => cut.abort(), PATIENCE)
    await running
    clearTimeout(timer)
  }
}

async function deliverAll(
  context: DeliveryContext,
  webhook: Webhook,
  state: State,
  cut: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>()
  while (!state.isStopped) {
    const { outages } = state
    for (const delivery of await claim(context, (outages === 0 ? CONCURRENCY : 1) - running.size)) {
      const one = deliver(context, webhook, delivery, state, cut).finally(() => running.delete(one))
      running.add(one)
    }
    const pause = Promise.withResolvers<void>()
    // While nobody is there one asks, less and less often: each attempt writes to the database of the refreshes.
    const timer = setTimeout(pause.resolve, outages === 0 ? POLL : delayAfter(outages, MAX_PAUSE))
    state.wake = pause.resolve
    if (state.isStopped) pause.resolve()
    // Whatever ends makes room, and lets the next of its session go.
    await Promise.race([pause.promise, ...(outages === 0 ? running : [])])
    clearTimeout(timer)
  }
  await Promise.all(running)
}

async function claim({ db, now, log }: DeliveryContext, limit: number): Promise<Delivery[]> {
  if (limit <= 0) return []
  const time = now()
  try {
    await recallDeliveries(db, time, time + MAX_DELAY + SKEW)
    return await claimDeliveries(db, { now: time, claimedUntil: time + CLAIM, limit })
  } catch (err) {
    log.error({ err }, 'events to deliver were not found')
    return []
  }
}

async function deliver(
  { db, now, log }: DeliveryContext,
  webhook: Webhook,
  delivery: Delivery,
  state: State,
  cut: AbortSignal,
): Promise<void> {
  const { id, name, attempts } = delivery
  let { refusals } = delivery
  const { outages } = state
  const answered = await send(webhook, delivery, now(), cut)
  // Who takes others means this one: a firewall that finds an attack in a User-Agent, say.
  if (answered !== undefined && (outages === 0 || !isOutage(answered))) refusals++
  if (isOutage(answered)) state.outages = outages + 1
  else if (state.outages > 0) {
    state.outages = 0
    state.wake()
  }
  try {
    if (isDelivered(answered)) return await endDelivery(db, delivery)
    const details = { event_id: id, delivered_event: name, status: answered, attempts }
    if (refusals >= MAX_REFUSALS) {
      log.error(details, 'event given up: the webhook refuses it')
      return await endDelivery(db, delivery)
    }
    log.warn(details, 'event not delivered')
    // One that we broke off ourselves is for whoever comes next.
    await postponeDelivery(
      db,
      { ...delivery, refusals },
      now() + (cut.aborted ? 0 : delayAfter(attempts, MAX_DELAY)),
    )
  } catch (err) {
    // Its claim runs out, and then it is sent again.
    log.error({ err, event_id: id }, 'what came of a delivery was not written')
  }
}

/** Milliseconds: doubled with each attempt, and no two alike. */
function delayAfter(attempts: number, longest: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (attempts - 1), longest)
  return Math.round(delay * (0.5 + Math.random() / 2))
}
