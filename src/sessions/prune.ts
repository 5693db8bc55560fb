import type { Pruned } from '../store/prune.ts'
import { prune } from '../store/prune.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

// Milliseconds of work in a batch, so that a refresh hardly waits for one. How many rows that is depends on what is in
// memory: batches grow and shrink with what the last one took. The write to the disk comes on top, and says nothing
// about the size: however small a batch is, there is one.
const BATCH_TIME = 5
const SMALLEST = 10
const LARGEST = 1000

// After each batch everybody else has the database and the event loop for so many times as long as it took, with the
// write.
const BREATH = 6

// A clock that is set back must not bring an exchanged token to life again, so that rows stay an hour longer.
const SLACK = 3_600_000

/**
 * Deletes expired sessions and revoked tokens batch by batch, with a breath in between for everybody else.
 * @returns how many rows went
 */
export async function pruneAll(
  context: Pick<SessionContext, 'db' | 'now' | 'settings'>,
  signal?: AbortSignal,
): Promise<Pruned> {
  let sessions = 0
  let revokedTokens = 0
  let batch = 50
  while (signal?.aborted !== true) {
    const begun = performance.now()
    const now = context.now() - SLACK
    const pruned = await prune(context.db, { now, idleCutoff: idleCutoff(context, now), batch })
    sessions += pruned.sessions
    revokedTokens += pruned.revokedTokens
    if (pruned.sessions + pruned.revokedTokens + pruned.kept === 0) break
    const taken = performance.now() - begun
    batch = Math.min(Math.max(Math.round((batch * BATCH_TIME) / pruned.worked), SMALLEST), LARGEST, 2 * batch)
    await new Promise((resolve) => setTimeout(resolve, BREATH * taken))
  }
  return { sessions, revokedTokens }
}

/** What pruning tells of itself; pino's loggers will do. */
export interface PruneLog {
  info(pruned: Pruned, message: string): void
  error(details: { readonly err: unknown }, message: string): void
}

/**
 * Prunes now and then, one run at a time, whatever the last one came to.
 *
 * @param interval milliseconds
 * @returns stops it, and resolves when the last run has ended
 */
export function startPruning(
  context: Parameters<typeof pruneAll>[0],
  interval: number,
  log: PruneLog,
): () => Promise<void> {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const run = async () => {
    try {
      const pruned = await pruneAll(context, stop.signal)
      if (pruned.sessions + pruned.revokedTokens > 0) log.info(pruned, 'pruned')
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
