import type { Database } from './schema.ts'

const turns = new WeakMap<Database, Map<string, Promise<unknown>>>()

/**
 * Runs the work for one key after the other, so that one user has at most one connection for it. The connections and the
 * time of the event loop are left to the requests of others.
 */
export function oneAtATime<T>(db: Database, key: string, work: () => Promise<T>): Promise<T> {
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
