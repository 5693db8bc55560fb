/** What a refresh costs, and what pruning does to it. */

import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Core } from '../../../src/http/core.ts'
import { mintRefreshToken } from '../../../src/sessions/mint.ts'
import { pruneAll } from '../../../src/sessions/prune.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { findSession } from '../../../src/store/queries/sessions.ts'
import type { Connection } from '../../support/database.ts'
import { watchDisk } from './disk.ts'

/** Refresh tokens of sessions anywhere in the table. */
export async function tokensOf(core: Core, connection: Connection, count: number): Promise<string[]> {
  const rows = await connection.query(
    `select id, user_id from sessions where revoked_at is null and expires_at > ${core.now()} order by random() limit ${count}`,
  )
  return Promise.all(
    rows.map(async ({ id, user_id }) => {
      const state = await findSession(core.db, { sessionId: id, userId: user_id }, core.now())
      if (state?.session === undefined) throw new TypeError('a session that is not there')
      return mintRefreshToken(core, state.session, OPERATOR)
    }),
  )
}

/** Rotates each once. @returns milliseconds for each */
export async function rotations(core: Core, tokens: readonly string[]): Promise<number[]> {
  const taken = []
  for (const token of tokens) {
    const begun = performance.now()
    const { outcome } = await refresh(core, token, () => OPERATOR)
    if (outcome !== 'rotated') throw new Error(outcome)
    taken.push(performance.now() - begun)
  }
  return taken
}

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

/** A refresh every few milliseconds, and what happened meanwhile. Milliseconds, sorted. */
export interface Load {
  /** From the moment that a refresh was due to its answer */
  readonly refreshes: readonly number[]
  /** What a bare write to the disk took meanwhile */
  readonly writes: readonly number[]
  /** Bytes at the most */
  readonly wal: number
}

export interface Pruning {
  readonly sessions: number
  readonly revokedTokens: number
  /** Milliseconds */
  readonly duration: number
  readonly during: Load
  /** For as long afterwards: a disk has slow moments of its own */
  readonly alone: Load
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)

async function refreshDuring(
  core: Core,
  tokens: readonly string[],
  interval: number,
  work: Promise<unknown>,
): Promise<Load> {
  const disk = watchDisk(join(tmpdir(), `rekindle-disk-${randomUUID()}`))
  const refreshes: number[] = []
  let wal = 0
  let isOver = false
  void work.finally(() => {
    isOver = true
  })
  let writes: number[] = []
  try {
    for (let index = 0; !isOver; index++) {
      const due = performance.now() + interval
      await wait(interval)
      await refresh(core, tokens[index % tokens.length] ?? '', () => OPERATOR)
      refreshes.push(performance.now() - due)
      wal = Math.max(wal, sizeOf(core, '-wal'))
    }
  } finally {
    // Its thread would keep the process.
    writes = await disk()
  }
  return { refreshes: sorted(refreshes), writes: sorted(writes), wal }
}

/** Prunes all there is meanwhile. */
export async function pruneUnderLoad(
  core: Core,
  tokens: readonly string[],
  interval: number,
): Promise<Pruning> {
  const begun = performance.now()
  const pruning = pruneAll(core)
  const during = await refreshDuring(core, tokens, interval, pruning)
  const duration = performance.now() - begun
  const alone = await refreshDuring(core, tokens, interval, wait(duration))
  return { ...(await pruning), duration, during, alone }
}

/** @returns bytes of SQLite's file, or of one beside it */
export function sizeOf({ settings }: Core, suffix = ''): number {
  if (settings.database.dialect !== 'sqlite') return 0
  return statSync(settings.database.file + suffix, { throwIfNoEntry: false })?.size ?? 0
}
