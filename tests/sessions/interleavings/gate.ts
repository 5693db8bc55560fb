/** Stands before every statement that a store sends, begin and commit included, and may hold it back. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { TestContext } from 'node:test'
import type { Database } from '../../../src/store/schema.ts'
import { GroupCommitDriver } from '../../../src/store/sqlite/driver.ts'

/** The real statement runs when, and as often as, it is called. */
export type Gate = <T>(statement: () => Promise<T>) => Promise<T>

const gates = new AsyncLocalStorage<Gate>()

/** All that `work` sends to a database goes through the gate, whichever connection it takes. */
export const through = <T>(gate: Gate, work: () => Promise<T>): Promise<T> => gates.run(gate, work)

/** Sets gates up for all stores of the dialect that `db` is of, until the test ends. */
export async function gated(t: Pick<TestContext, 'after'>, db: Database): Promise<void> {
  const executor = db.getExecutor()
  const connection = await executor.provideConnection(async (provided) => Object.getPrototypeOf(provided))
  gateMethod(t, connection, 'executeQuery')
  // On PostgreSQL transactions begin and end by queries.
  for (const method of ['beginTransaction', 'commitTransaction', 'rollbackTransaction'])
    gateMethod(t, GroupCommitDriver.prototype, method)
  // On SQLite a statement that is not part of a transaction takes no connection.
  gateMethod(t, Object.getPrototypeOf(executor.adapter), 'execute')
}

function gateMethod(t: Pick<TestContext, 'after'>, on: object, method: string): void {
  const prototype = on as Record<string, unknown>
  const original = prototype[method]
  if (typeof original !== 'function') return
  prototype[method] = function (this: unknown, ...parameters: unknown[]) {
    const statement = () => original.apply(this, parameters)
    const gate = gates.getStore()
    return gate === undefined ? statement() : gate(statement)
  }
  t.after(() => {
    prototype[method] = original
  })
}
