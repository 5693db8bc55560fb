import type { DeleteResult, ExpressionBuilder, SelectQueryBuilder, Transaction } from 'kysely'
import type { Database, Schema } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { transaction } from '../transaction.ts'
import { expiries, PRUNED } from './deadline.ts'
import { insertEvents, OPERATOR } from './events.ts'

export interface PrunedBatch {
  /** The number of deleted rows */
  readonly gone: number
  /** The number of checked sessions that have not ended */
  readonly kept: number
  /** Milliseconds that the statements took, without the write to the disk */
  readonly worked: number
}

export interface SessionBatch {
  /** Milliseconds since the epoch */
  readonly now: number
  /** Milliseconds since the epoch: see `idleCutoff` in `src/sessions/context.ts` */
  readonly idleCutoff: number
  /** The maximum number of rows of each kind, so that no refresh waits long */
  readonly batch: number
}

/**
 * Deletes expired and revoked sessions, but not while one of their access tokens could still be exchanged. Writes the events
 * of those that expired.
 */
export function pruneSessions(db: Database, { now, idleCutoff, batch }: SessionBatch): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const kept = await postpone(trx, { now, idleCutoff, batch })
    const expired = await trx
      .deleteFrom('sessions')
      .where('id', 'in', due(trx, now, batch))
      .where((eb) => isOver(eb, now, idleCutoff))
      .returning(PRUNED)
      .execute()
    const revoked = trx.selectFrom('sessions').select('id').where('revoked_at', '<=', idleCutoff)
    const ended = await trx
      .deleteFrom('sessions')
      .where('id', 'in', unlocked(trx, revoked, batch))
      .returning(PRUNED)
      .execute()
    const gone = [...expired, ...ended]
    await insertEvents(trx, expiries(gone, now - idleCutoff), now, OPERATOR)
    return { gone: gone.length, kept }
  })
}

export function pruneRevokedTokens(db: Database, now: number, batch: number): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const expired = trx.selectFrom('revoked_tokens').select('jti').where('expires_at', '<=', now)
    const deletion = trx.deleteFrom('revoked_tokens').where('jti', 'in', unlocked(trx, expired, batch))
    return { gone: rows(await deletion.executeTakeFirst()), kept: 0 }
  })
}

/**
 * Deletes rows of another system's tokens that are over.
 *
 * @param exchangeWindow milliseconds for which an access token can be traded after its expiry
 */
export function pruneForeign(
  db: Database,
  now: number,
  exchangeWindow: number,
  batch: number,
): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const adopted = trx.selectFrom('adopted_tokens').select('digest').where('expires_at', '<=', now)
    const adoptions = trx.deleteFrom('adopted_tokens').where('digest', 'in', unlocked(trx, adopted, batch))
    const revoked = trx
      .selectFrom('foreign_revocations')
      .select('jti')
      .where('expires_at', '<=', now - exchangeWindow)
    const revocations = trx
      .deleteFrom('foreign_revocations')
      .where('jti', 'in', unlocked(trx, revoked, batch))
    const gone = rows(await adoptions.executeTakeFirst()) + rows(await revocations.executeTakeFirst())
    return { gone, kept: 0 }
  })
}

export function pruneCounters(db: Database, now: number, batch: number): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const expired = trx.selectFrom('rate_limits').select('key').where('expires_at', '<=', now)
    const deletion = trx.deleteFrom('rate_limits').where('key', 'in', unlocked(trx, expired, batch))
    return { gone: rows(await deletion.executeTakeFirst()), kept: 0 }
  })
}

/** Forgets hashes of passwords that were replaced until `cutoff`, in milliseconds since the epoch. */
export function pruneReplacedHashes(db: Database, cutoff: number, batch: number): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const replaced = trx.selectFrom('users').select('id').where('replaced_at', '<=', cutoff)
    const { numUpdatedRows } = await trx
      .updateTable('users')
      .set({ replaced_hash: null, replaced_at: null, replaced_by: null })
      .where('id', 'in', unlocked(trx, replaced, batch))
      .executeTakeFirst()
    return { gone: Number(numUpdatedRows), kept: 0 }
  })
}

/** @param cutoff milliseconds since the epoch. Older events are deleted, even if they were not delivered. */
export function pruneEvents(
  db: Database,
  cutoff: number,
  batch: number,
): Promise<PrunedBatch & { readonly undelivered: number }> {
  return timed(db, async (trx) => {
    const old = trx.selectFrom('events').select('position').where('occurred_at', '<=', cutoff)
    const deletion = trx.deleteFrom('events').where('position', 'in', unlocked(trx, old, batch))
    const deleted = await deletion.returning('deliver_at').execute()
    const undelivered = deleted.filter((event) => event.deliver_at !== null).length
    return { gone: deleted.length, kept: 0, undelivered }
  })
}

const rows = ({ numDeletedRows }: DeleteResult) => Number(numDeletedRows)

/** Measures the statements of a batch in a transaction. */
export function timed<Batch>(
  db: Database,
  work: (trx: Transaction<Schema>) => Promise<Batch>,
): Promise<Batch & Pick<PrunedBatch, 'worked'>> {
  return transaction(db, async (trx) => {
    const begun = performance.now()
    return { ...(await work(trx)), worked: performance.now() - begun }
  })
}

const due = (db: Database, now: number, batch: number) =>
  unlocked(db, db.selectFrom('sessions').select('id').where('prune_at', '<=', now).orderBy('prune_at'), batch)

/**
 * Skips rows that another transaction has locked. Waiting could cause a deadlock, because that transaction may wait for a
 * row locked here. A later batch deletes the skipped rows.
 */
export function unlocked<Table extends keyof Schema, Row>(
  db: Database,
  query: SelectQueryBuilder<Schema, Table, Row>,
  batch: number,
) {
  return isPostgres(db) ? query.limit(batch).forUpdate().skipLocked() : query.limit(batch)
}

const isOver = (eb: ExpressionBuilder<Schema, 'sessions'>, now: number, idleCutoff: number) =>
  eb.and([
    eb('expires_at', '<=', now),
    eb.or([eb('refreshed_at', '<=', idleCutoff), eb('absolute_expires_at', '<=', now)]),
  ])

/** Moves `prune_at` of sessions that have not ended. Rotations do not move it, because that would change an index. */
async function postpone(db: Database, { now, idleCutoff, batch }: SessionBatch): Promise<number> {
  const keep = now - idleCutoff
  const result = await db
    .updateTable('sessions')
    .set((eb) => ({
      prune_at: eb
        .case()
        .when('expires_at', '>', now)
        .then(eb.ref('expires_at'))
        .when('absolute_expires_at', '<', eb('refreshed_at', '+', keep))
        .then(eb.ref('absolute_expires_at'))
        .else(eb('refreshed_at', '+', keep))
        .end(),
    }))
    .where('id', 'in', due(db, now, batch))
    .where((eb) => eb.not(isOver(eb, now, idleCutoff)))
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}
