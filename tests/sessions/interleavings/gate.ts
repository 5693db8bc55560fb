/** Comes before every statement that a store sends, including begin and commit, and may delay it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { TestContext } from 'node:test'
import type { Database } from '../../../src/store/schema.ts'
import { GroupCommitDriver } from '../../../src/store/sqlite/driver.ts'

/** The real statement runs each time that this is called. */
export type Gate = <T>(statement: () => Promise<T>) => Promise<T>

const gates = new AsyncLocalStorage<Gate>()

/** All statements of `work` go through the gate, on any connection. */
export const through = <T>(gate: Gate, work: () => Promise<T>): Promise<T> => gates.run(gate, work)

/** Sets up gates for all stores with the dialect of `db`, until the test ends. */
export async function gated(t: Pick<TestContext, 'after'>, db: Database): Promise<void> {
  const executor = db.getExecutor()
  const connection = await executor.provideConnection(async (provided) => Object.getPrototypeOf(provided))
  gateMethod(t, connection, 'executeQuery')
  // On PostgreSQL queries begin and end transactions.
  for (const method of ['beginTransaction', 'commitTransaction', 'rollbackTransaction'])
    gateMethod(t, GroupCommitDriver.prototype, method)
  // On SQLite a statement outside a transaction uses no connection.
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
