import { setTimeout as pause } from 'node:timers/promises'
import type { Settings } from '../config/settings.ts'
import type { PrunedBatch } from '../store/queries/prune.ts'
import { pruneCounters, pruneEvents, pruneRevokedTokens, pruneSessions } from '../store/queries/prune.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

// Milliseconds of work in a batch, so that a refresh hardly waits for one. How many rows that is depends on what is in
// memory: batches grow and shrink with what the last one took. The write to the disk comes on top, and says nothing
// about the size: however small a batch is, there is one.
const BATCH_TIME = 5
const MIN_BATCH = 10
const MAX_BATCH = 1000

// After each batch everybody else has the database and the event loop for so many times as long as it took, with the
// write.
const PAUSE_FACTOR = 6

// A clock that is set back must not bring an exchanged token to life again, so that rows stay an hour longer.
const CLOCK_SLACK = 3_600_000

/** How many rows pruning deleted, but for counters, which are of no interest to anybody. */
export interface Pruned {
  readonly sessions: number
  readonly revokedTokens: number
  readonly events: number
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of the events that went and that the webhook was to be told of, also when pruning fails after them */
  readonly onUndelivered?: (events: number) => void
}

interface PruneContext extends Pick<SessionContext, 'db' | 'now'> {
  readonly settings: SessionContext['settings'] & Partial<Pick<Settings, 'webhook'>>
}

/** Deletes expired sessions, revoked tokens, counters and old events. */
export async function pruneAll(
  context: PruneContext,
  { signal, onUndelivered }: PruneOptions = {},
): Promise<Pruned> {
  const { db, settings } = context
  const now = () => context.now() - CLOCK_SLACK
  const inBatches = (work: Work) => pruneInBatches(work, signal)
  const sessions = await inBatches((batch) =>
    pruneSessions(db, { now: now(), idleCutoff: idleCutoff(context, now()), batch }),
  )
  const revokedTokens = await inBatches((batch) => pruneRevokedTokens(db, now(), batch))
  await inBatches((batch) => pruneCounters(db, now(), batch))
  let undelivered = 0
  try {
    const events = await inBatches(async (batch) => {
      const pruned = await pruneEvents(db, now() - settings.eventsRetention, batch)
      undelivered += pruned.undelivered
      return pruned
    })
    return { sessions, revokedTokens, events }
  } finally {
    if (settings.webhook !== undefined && undelivered > 0) onUndelivered?.(undelivered)
  }
}

type Work = (batch: number) => Promise<PrunedBatch>

/** Batch by batch, with a breath in between for everybody else. @returns how many rows went */
async function pruneInBatches(work: Work, signal: AbortSignal | undefined): Promise<number> {
  let total = 0
  let batch = 50
  while (signal?.aborted !== true) {
    const begun = performance.now()
    const { gone, kept, worked } = await work(batch)
    if (gone + kept === 0) break
    total += gone
    const taken = performance.now() - begun
    batch = Math.min(Math.max(Math.round((batch * BATCH_TIME) / worked), MIN_BATCH), MAX_BATCH, 2 * batch)
    // A stop ends it.
    await pause(PAUSE_FACTOR * taken, undefined, { signal }).catch(() => {})
  }
  return total
}

/** What pruning tells of itself; pino's loggers will do. */
export interface PruneLog {
  info(pruned: Pruned, message: string): void
  error(details: object, message: string): void
}

/**
 * Prunes now and then, one run at a time, whatever the last one came to.
 *
 * @param interval milliseconds
 * @returns stops it, and resolves when the last run has ended
 */
export function startPruning(context: PruneContext, interval: number, log: PruneLog): () => Promise<void> {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const onUndelivered = (events: number) => log.error({ events }, 'events went that the webhook never took')
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
