import type { Database } from './schema.ts'
import { isPostgres } from './schema.ts'

/** A fifth of the connections that a pool has by default */
const FEW = 2

/** The work of one user */
interface Lane {
  running: number
  readonly waiting: (() => void)[]
}

const lanes = new WeakMap<Database, Map<string, Lane>>()

/**
 * Runs at most two pieces of work of one user at once on PostgreSQL: reads, logins, logouts and trades. A user who sends many
 * requests at once would otherwise take all connections, and the requests of others would wait for one.
 *
 * On SQLite all work shares one connection anyway. Work of a transaction has its connection already.
 */
export function fewAtATime<T>(db: Database, userId: string, work: () => Promise<T>): Promise<T> {
  return isPostgres(db) && !db.isTransaction ? inLane(db, userId, work) : work()
}

async function inLane<T>(db: Database, userId: string, work: () => Promise<T>): Promise<T> {
  const ofDatabase = lanes.get(db) ?? new Map<string, Lane>()
  lanes.set(db, ofDatabase)
  const lane = ofDatabase.get(userId) ?? { running: 0, waiting: [] }
  ofDatabase.set(userId, lane)
  if (lane.running < FEW) lane.running++
  else await turnOf(lane)
  try {
    return await work()
  } catch (error) {
    // A server that hangs fails each after seconds. Nobody should wait for several of them.
    for (const begin of lane.waiting.splice(0)) begin()
    throw error
  } finally {
    lane.running--
    if (lane.running < FEW) lane.waiting.shift()?.()
    if (lane.running === 0) ofDatabase.delete(userId)
  }
}

const turnOf = (lane: Lane) =>
  new Promise<void>((resolve) => {
    lane.waiting.push(() => {
      lane.running++
      resolve()
    })
  })
