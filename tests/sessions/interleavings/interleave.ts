/** One operation stops before one of its statements, and another one runs meanwhile. */
import { setImmediate as turn } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import { through } from './gate.ts'

// Turns of the event loop without a statement, after which the second is taken to wait
const PATIENCE = 500

const isBusy = (error: unknown) => error instanceof SQLite.SqliteError && error.code === 'SQLITE_BUSY'

/**
 * The first stops before its statement `position`, counted from 1. The second then runs to its end. If it waits for a lock
 * of the first, it runs to its end after the first has ended.
 *
 * @param isWaiting whether the second waits for a lock, if its statement has not returned after some turns
 * @returns undefined if the first has fewer statements
 */
export async function interleave<A, B>(
  first: () => Promise<A>,
  position: number,
  second: () => Promise<B>,
  isWaiting: (turns: number) => Promise<boolean>,
): Promise<readonly [A, B] | undefined> {
  const stopped = Promise.withResolvers<boolean>()
  const letGo = Promise.withResolvers<void>()
  let statements = 0
  const a = through(async (statement) => {
    if (++statements === position) {
      stopped.resolve(true)
      await letGo.promise
    }
    return statement()
  }, first)
  a.finally(() => stopped.resolve(false)).catch(() => {})
  if (!(await stopped.promise)) return a.then(() => undefined)

  let isOver = false
  let isBlocked = false
  let turns = 0
  const b = through(async (statement) => {
    turns = 0
    try {
      return await statement()
    } catch (error) {
      if (!isBusy(error)) throw error
      // SQLite blocks the thread while it waits, and in this one process the first would never end. So this waits, and
      // then the statement is repeated, as SQLite does.
      isBlocked = true
      await a.catch(() => {})
      return statement()
    } finally {
      // It may also wait between two statements, for its turn among the requests of one user. A password that is hashed
      // there takes long too: the first then goes on a little early, which is another schedule, but not a wrong one.
      turns = -PATIENCE
    }
  }, second)
  b.finally(() => {
    isOver = true
  }).catch(() => {})
  while (!isOver && !isBlocked) {
    await turn()
    turns++
    isBlocked ||= await isWaiting(turns)
  }
  letGo.resolve()
  return Promise.all([a, b])
}
