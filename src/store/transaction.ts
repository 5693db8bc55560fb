import type { Transaction } from 'kysely'
import type { Database, Schema } from './schema.ts'

// SQLSTATEs of PostgreSQL for conflicts of concurrent transactions: deadlock_detected and serialization_failure
const CONFLICTS = new Set<unknown>(['40P01', '40001'])

const MAX_TRIES = 4

/**
 * Runs work that locks several rows, and repeats it after a conflict. Inside a transaction it does not repeat anything,
 * because only the whole transaction can be repeated. SQLite has no such conflicts.
 */
export async function retried<T>(db: Database, work: () => Promise<T>): Promise<T> {
  if (db.isTransaction) return work()
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const isConflict = error instanceof Error && 'code' in error && CONFLICTS.has(error.code)
      if (!isConflict || tries === MAX_TRIES) throw error
    }
  }
}

/**
 * Runs several statements in a transaction. It is repeated as a whole after a conflict, so the work must have no other
 * effects. Inside another transaction it becomes part of that one.
 */
export function transaction<T>(db: Database, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db as Transaction<Schema>)
  return retried(db, () => db.transaction().execute(work))
}
