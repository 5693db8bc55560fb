import type { Lane } from '../store/event-names.ts'
import { LANES } from '../store/event-names.ts'
import type { Delivery } from '../store/queries/deliveries.ts'
import {
  claimDeliveries,
  endDelivery,
  postponeDelivery,
  recallDeliveries,
} from '../store/queries/deliveries.ts'
import type { Database } from '../store/schema.ts'
import type { Answered, Webhook } from './webhook.ts'
import { isAccepted, send } from './webhook.ts'

// Milliseconds
const POLL_INTERVAL = 1000
/** Longer than an attempt takes, which is up to two posts */
const CLAIM_TIME = 30_000
const FIRST_DELAY = 250
const MAX_DELAY = 300_000
/** The clocks of two processes may differ by this much. */
const CLOCK_SKEW = 60_000
/** The longest pause between attempts while the receiver is unavailable */
const MAX_PAUSE = 30_000
/** For running attempts when the service stops. Those cut off are repeated after the next start. */
const STOP_TIME = 1000

/** Attempts at a time in each lane, each for a different session */
const CONCURRENCY = {
  [LANES.alarms]: 2,
  [LANES.alarmsByAnybody]: 1,
  [LANES.others]: 3,
  [LANES.byAnybody]: 2,
} as const

/** More failing events do not make the pauses longer. */
const MAX_FAILING = 9

// With MAX_DELAY between them, these take a little more than a day.
const MAX_REFUSALS = 400

// These usually do not depend on the event: the receiver is down, busy, at another address or rejects our requests.
const UNAVAILABLE = new Set<Answered>([undefined, 401, 403, 404, 408, 429, 502, 503, 504])
const isOutage = (answered: Answered) =>
  UNAVAILABLE.has(answered) || (answered !== undefined && answered >= 300 && answered < 400)

/** A log for failed deliveries. A logger of pino fits. */
export interface DeliveryLog {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** The dependencies of {@link startDelivery}. The core of `createCore` fits. */
export interface DeliveryContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly log: DeliveryLog
  readonly settings: { readonly webhook: Webhook | undefined }
}

/** The state of a lane. A lane knows nothing of the others, so that none can pause another. */
interface State {
  readonly lane: Lane
  /**
   * The ids of events for which the receiver was unavailable, since it was last available. Concurrent ones count once. One
   * event alone pauses nothing: the failure may be due to the event.
   */
  readonly failing: Set<string>
  /** Ends a pause */
  wake(): void
}

const outagesOf = ({ failing }: State) => Math.max(0, failing.size - 1)

/**
 * Starts posting security events to the webhook, at least once each and in order within a session. Does nothing without
 * EVENTS_WEBHOOK_URL. Any number of processes may do this on one database: see `docs/adr/0021-events.md`.
 *
 * @param context the core of `createCore`
 * @returns a function that stops it and resolves when running posts have ended, after about a second at most. Undelivered
 * events wait for the next start.
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, readServiceSettings, startDelivery } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const stopDelivery = startDelivery(core)
 *
 * await stopDelivery()
 * await core.store.close()
 * ```
 */
export function startDelivery(context: DeliveryContext): () => Promise<void> {
  const { webhook } = context.settings
  if (webhook === undefined) return async () => {}
  const [stop, cut] = [new AbortController(), new AbortController()]
  const states = Object.values(LANES).map((lane): State => ({ lane, failing: new Set(), wake: () => {} }))
  const running = states.map((state) => deliverAll(context, webhook, state, stop.signal, cut.signal))
  return async () => {
    stop.abort()
    for (const { wake } of states) wake()
    const timer = setTimeout(() => cut.abort(), STOP_TIME)
    await Promise.all(running)
    clearTimeout(timer)
  }
}

async function deliverAll(
  context: DeliveryContext,
  webhook: Webhook,
  state: State,
  stop: AbortSignal,
  cut: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>()
  while (!stop.aborted) {
    const outages = outagesOf(state)
    const places = outages === 0 ? CONCURRENCY[state.lane] : 1
    for (const delivery of await claim(context, state.lane, places - running.size)) {
      const attempt = deliver(context, webhook, delivery, state, cut).finally(() => running.delete(attempt))
      running.add(attempt)
    }
    const pause = Promise.withResolvers<void>()
    // During an outage only one attempt runs at a time, less and less often, because attempts write to the database.
    const timer = setTimeout(pause.resolve, outages === 0 ? POLL_INTERVAL : delayAfter(outages, MAX_PAUSE))
    state.wake = pause.resolve
    if (stop.aborted) pause.resolve()
    // A finished delivery makes room for another one and allows the next event of its session.
    await Promise.race([pause.promise, ...(outages === 0 ? running : [])])
    clearTimeout(timer)
  }
  await Promise.all(running)
}

async function claim({ db, now, log }: DeliveryContext, lane: Lane, limit: number): Promise<Delivery[]> {
  if (limit <= 0) return []
  const time = now()
  try {
    await recallDeliveries(db, time, time + MAX_DELAY + CLOCK_SKEW)
    return await claimDeliveries(db, { lane, now: time, claimedUntil: time + CLAIM_TIME, limit })
  } catch (err) {
    log.error({ err }, 'events to deliver could not be read')
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
  const { size } = state.failing
  const answered = await send(webhook, delivery, now(), cut)
  // If the receiver accepts other events, it refuses this one.
  if (answered !== undefined && (size === 0 || !isOutage(answered))) refusals++
  if (!isOutage(answered)) {
    const isRecovery = outagesOf(state) > 0
    state.failing.clear()
    if (isRecovery) state.wake()
  } else if (state.failing.size === size && size < MAX_FAILING) state.failing.add(id)
  try {
    if (isAccepted(answered)) return await endDelivery(db, delivery)
    const details = { event_id: id, delivered_event: name, status: answered, attempts }
    if (refusals >= MAX_REFUSALS) {
      log.error(details, 'event given up: the webhook refuses it')
      return await endDelivery(db, delivery)
    }
    log.warn(details, 'event not delivered')
    // An attempt that we cut off may be repeated at once by another process.
    await postponeDelivery(
      db,
      { ...delivery, refusals },
      now() + (cut.aborted ? 0 : delayAfter(attempts, MAX_DELAY)),
    )
  } catch (err) {
    // The event is sent again when its claim expires.
    log.error({ err, event_id: id }, 'the result of a delivery could not be written')
  }
}

/** @returns milliseconds: doubled with each attempt, half of it random */
function delayAfter(attempts: number, maxDelay: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (attempts - 1), maxDelay)
  return Math.round(delay * (0.5 + Math.random() / 2))
}
