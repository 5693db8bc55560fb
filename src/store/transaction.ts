import type { Transaction } from 'kysely'
import type { Database, Schema } from './schema.ts'

// What happens to statements of several processes that cross on PostgreSQL: a deadlock, and a serialization failure.
const CONFLICTS = new Set<unknown>(['40P01', '40001'])

const TRIES = 4

/**
 * For all that takes the locks of several rows: it is begun anew when it crossed with another. On SQLite that never
 * happens. Inside a transaction it does nothing, since only the whole of it can be begun anew.
 */
export async function retried<T>(db: Database, work: () => Promise<T>): Promise<T> {
  if (db.isTransaction) return work()
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const hasCrossed = error instanceof Error && 'code' in error && CONFLICTS.has(error.code)
      if (!hasCrossed || tries === TRIES) throw error
    }
  }
}

/**
 * A transaction of several statements, that is begun anew as a whole: the work has no other effects. Inside of another
 * it is a part of that one.
 */
export function transaction<T>(db: Database, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db as Transaction<Schema>)
  return retried(db, () => db.transaction().execute(work))
}
