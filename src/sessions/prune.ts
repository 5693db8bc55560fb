import { CLOCK_SKEW } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import { inSlices } from '../slices.ts'
import { deletedUsers, deleteEventsOf } from '../store/queries/deleted-users.ts'
import { finishEndings } from '../store/queries/endings.ts'
import { pruneFeed } from '../store/queries/feed.ts'
import { pruneResets } from '../store/queries/password-resets.ts'
import type { PrunedBatch } from '../store/queries/prune.ts'
import {
  pruneCounters,
  pruneEvents,
  pruneForeign,
  pruneReplacedHashes,
  pruneRevokedTokens,
  pruneSessions,
} from '../store/queries/prune.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

// Milliseconds of work in a batch, so that a refresh hardly waits. The number of rows adapts to the duration of the
// last batch. The write to the disk is not measured, because every batch has one, whatever its size.
const BATCH_TIME = 5
const MIN_BATCH = 10
const MAX_BATCH = 1000

// The pause after each batch is this many times as long as the batch and its write took. It lets other requests through.
const PAUSE_FACTOR = 6

// Milliseconds. Rows are kept an hour longer, so that setting a clock back cannot make an exchanged token valid again.
const CLOCK_SLACK = 3_600_000

/** The numbers of deleted rows. Counters of limits are not included. */
export interface Pruned {
  readonly sessions: number
  readonly revokedTokens: number
  readonly events: number
}

/** Options of {@link pruneAll}. */
export interface PruneOptions {
  /** Stops pruning between two batches */
  readonly signal?: AbortSignal | undefined
  /** Called after each batch with the number of rows deleted so far */
  readonly onDeleted?: (rows: number) => void
  /** Called with the number of events deleted before the webhook accepted them, also if pruning fails later */
  readonly onUndelivered?: (events: number) => void
}

interface PruneContext extends Pick<SessionContext, 'db' | 'now'> {
  readonly settings: SessionContext['settings'] & Partial<Pick<Settings, 'webhook' | 'keepEventsOfDeleted'>>
}

/**
 * Deletes expired sessions, revoked tokens, counters, hashes of replaced passwords, reset tokens, old events and events
 * of deleted users in small batches. First, it writes the rows of sessions that ended together in a process that died meanwhile.
 *
 * @param context the core of `createCore`
 * @returns the numbers of deleted rows
 * @throws the error of the database
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, pruneAll, readServiceSettings } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const { sessions, revokedTokens, events } = await pruneAll(core)
 * await core.store.close()
 * ```
 */
export async function pruneAll(
  context: PruneContext,
  { signal, onDeleted, onUndelivered }: PruneOptions = {},
): Promise<Pruned> {
  const { db, settings } = context
  const now = () => context.now() - CLOCK_SLACK
  await finishEndings(db)
  let deleted = 0
  const inBatches = (work: Work) =>
    pruneInBatches(work, signal, (rows) => {
      deleted += rows
      onDeleted?.(deleted)
    })
  const sessions = await inBatches((batch) =>
    pruneSessions(db, { now: now(), idleCutoff: idleCutoff(context, now()), batch }),
  )
  const revokedTokens = await inBatches((batch) => pruneRevokedTokens(db, now(), batch))
  await inBatches((batch) => pruneForeign(db, now(), settings.exchangeWindow, batch))
  await inBatches((batch) => pruneCounters(db, now(), batch))
  // With the slack, because access tokens were longer-lived before the setting was lowered, or a clock was set back.
  await inBatches((batch) => pruneFeed(db, now() - settings.accessTokenTtl, batch))
  // No slack: a password that was replaced should not be kept for longer than its change can be repeated.
  const replacedBefore = () => context.now() - settings.grace - CLOCK_SKEW
  await inBatches((batch) => pruneReplacedHashes(db, replacedBefore(), batch))
  await inBatches((batch) => pruneResets(db, replacedBefore(), batch))
  let undelivered = 0
  try {
    const events = await inBatches(async (batch) => {
      const pruned = await pruneEvents(db, now() - settings.eventsRetention, batch)
      undelivered += pruned.undelivered
      return pruned
    })
    const ofDeleted = settings.keepEventsOfDeleted ? 0 : await inBatches(eventsOfDeleted(context))
    return { sessions, revokedTokens, events: events + ofDeleted }
  } finally {
    if (settings.webhook !== undefined && undelivered > 0) onUndelivered?.(undelivered)
  }
}

// Deleted users whose events one statement looks for
const USERS = 100

/** Deletes events that their user's deletion left: undelivered ones, and those of refused tokens of the deleted user. */
function eventsOfDeleted({ db, settings }: PruneContext): Work {
  let after = 0
  return async (batch) => {
    const users = await deletedUsers(db, after, USERS)
    if (users.length === 0) return { gone: 0, kept: 0, worked: 1 }
    const ids = users.map(({ id }) => id)
    const deleted = await deleteEventsOf(db, ids, settings.webhook !== undefined, batch)
    if (deleted.gone < batch) after = users.at(-1)?.position ?? after
    return { ...deleted, kept: users.length }
  }
}

type Work = (batch: number) => Promise<PrunedBatch>

/** Works batch by batch, with pauses for other requests. @returns the number of deleted rows */
async function pruneInBatches(
  work: Work,
  signal: AbortSignal | undefined,
  onDeleted: (rows: number) => void,
): Promise<number> {
  let total = 0
  let batch = 50
  const slice = async () => {
    const { gone, kept, worked } = await work(batch)
    total += gone
    onDeleted(gone)
    batch = Math.min(Math.max(Math.round((batch * BATCH_TIME) / worked), MIN_BATCH), MAX_BATCH, 2 * batch)
    return gone + kept > 0
  }
  await inSlices(slice, { pauseFactor: PAUSE_FACTOR, signal })
  return total
}

/** A log for the results of pruning. A logger of pino fits. */
export interface PruneLog {
  info(pruned: Pruned, message: string): void
  error(details: object, message: string): void
}

/**
 * Starts pruning at an interval, one run at a time. Errors are logged, and the next run starts as usual.
 *
 * @param context the core of `createCore`
 * @param interval milliseconds
 * @param log usually `core.log`
 * @returns a function that stops it and resolves when the current run has ended
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, readServiceSettings, startPruning } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const stopPruning = startPruning(core, 60_000, core.log)
 *
 * await stopPruning()
 * await core.store.close()
 * ```
 */
export function startPruning(context: PruneContext, interval: number, log: PruneLog): () => Promise<void> {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const onUndelivered = (events: number) =>
    log.error({ events }, 'events were deleted before the webhook accepted them')
  const run = async () => {
    try {
      const pruned = await pruneAll(context, { signal: stop.signal, onUndelivered })
      if (pruned.sessions + pruned.revokedTokens + pruned.events > 0) log.info(pruned, 'pruned')
    } catch (error) {
      log.error({ err: error }, 'pruning failed')
    }
  }
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = undefined
    })
  }, interval)
  return async () => {
    clearInterval(timer)
    stop.abort()
    await running
  }
}
