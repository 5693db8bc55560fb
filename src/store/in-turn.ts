import type { Database } from './schema.ts'

const turns = new WeakMap<Database, Map<string, Promise<unknown>>>()

/**
 * Runs the work for one key after the other. Otherwise each would wait for the lock of the same row with a connection of
 * its own, and other requests would find none.
 */
export function inTurn<T>(db: Database, key: string, work: () => Promise<T>): Promise<T> {
  const ofDatabase = turns.get(db) ?? new Map<string, Promise<unknown>>()
  turns.set(db, ofDatabase)
  const turn = (ofDatabase.get(key) ?? Promise.resolve()).then(work, work)
  const settled = turn
    .catch(() => {})
    .finally(() => {
      if (ofDatabase.get(key) === settled) ofDatabase.delete(key)
    })
  ofDatabase.set(key, settled)
  return turn
}
