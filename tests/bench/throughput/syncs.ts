/** How often a database waits for the disk. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withCleanup } from '../../support/cleanup.ts'
import type { Connection } from '../../support/database.ts'
import { untilIdle } from './idle.ts'
import { CONNECTIONS, saturate } from './load.ts'
import type { Preparation, Subject } from './subject.ts'

const { status } = spawnSync('strace', ['-o', '/dev/null', 'true'])
export const canTrace = status === 0

// -D: strace is the grandchild, and the service the process that signals are for.
const STRACE = ['strace', '-D', '-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync']
const DONE = /f(data)?sync(\(\d+| resumed>)\) += 0$/gm

/** @returns what a process that keeps its files itself is started by, and what has been seen since */
export function tracer(directory: string, { isTraced, syncDelay = 0 }: Preparation) {
  if (syncDelay > 0 && !canTrace) throw new Error('a slow disk takes strace')
  if (!(isTraced || syncDelay > 0) || !canTrace) return { tracer: [], syncs: async () => undefined }
  const file = join(directory, 'trace')
  const syncs = async () => readFileSync(file, 'utf8').match(DONE)?.length ?? 0
  const slow = syncDelay > 0 ? ['-e', `inject=fsync,fdatasync:delay_exit=${syncDelay * 1000}`] : []
  return { tracer: [...STRACE, ...slow, '-o', file], syncs }
}

/** PostgreSQL counts for itself, all databases together. */
export async function postgresSyncs(connection: Connection): Promise<number | undefined> {
  // Its processes tell when they have been idle for a second.
  await pause(1500)
  const rows = await connection
    .query("select sum(fsyncs)::float8 as syncs from pg_stat_io where object = 'wal'")
    // Before PostgreSQL 18 the WAL was not in there.
    .catch(() => [])
  return rows[0]?.syncs ?? undefined
}

/** Of a run of its own. */
export function syncsPerOperation(
  subject: Subject,
  sizes: Preparation['sizes'],
): Promise<number | undefined> {
  return withCleanup(async (cleanup) => {
    const prepared = await subject.prepare(cleanup, { sizes, isTraced: true })
    const { processes, files, syncs, done } = prepared
    const target = { ports: processes.map(({ port }) => port), operation: subject.operation }
    await saturate({ ...target, file: files.warmUp }, 1)
    await untilIdle(prepared)
    const before = { syncs: await syncs(), done: await done() }
    const { requests } = await saturate({ ...target, file: files.saturated }, 2)
    await untilIdle(prepared)
    const after = { syncs: await syncs(), done: await done() }
    if (before.syncs === undefined || after.syncs === undefined) return undefined
    // Each connection had one more under way at the end, which was carried out all the same.
    const carriedOut =
      after.done === undefined || before.done === undefined
        ? requests + CONNECTIONS
        : after.done - before.done
    return (after.syncs - before.syncs) / carriedOut
  })
}
