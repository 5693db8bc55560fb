import { once } from 'node:events'
import type { PostgresPoolClient } from 'kysely'
import type { PoolClient, QueryResult } from 'pg'
import { DatabaseError } from 'pg'
import { statementName } from '../statement.ts'
import { isConnectionLost, isMixedUp, isSilent } from './errors.ts'

const HOUR = 3_600_000

/** How the statements of a connection are executed */
export interface Execution {
  /** Statements are prepared under a name, which the server keeps for the connection. */
  readonly isPrepared: boolean
  /** Called when the server connection does not have the statements that were prepared, or has those of others */
  onMixedUp(): void
  /** Behind a pooler, the settings of the server connection are unknown at the begin of each transaction: what sets them */
  readonly settings: string | undefined
  /** True during migrations: statements may take up to an hour. */
  readonly isPatient: boolean
  /** Ends when a connection whose server does not answer is given up */
  patience(signal: AbortSignal): Promise<void>
}

const BEGIN = 'begin'
const END = /^(commit|rollback)$/

/** A connection that Kysely has taken from the pool, with the handling of errors that Kysely and pg leave to us. */
export class GuardedClient implements Pick<PostgresPoolClient, 'release'> {
  readonly #client: PoolClient
  readonly #execution: Execution
  /** Behind a pooler. The same for the whole transaction, even if the pooler is recognised meanwhile */
  readonly #settings: string | undefined
  #isLost = false
  /** The server has not answered in time: until it does, or the connection ends */
  #answer: Promise<void> | undefined
  #inTransaction = false

  constructor(client: PoolClient, execution: Execution) {
    this.#client = client
    this.#execution = execution
    this.#settings = execution.settings
  }

  async query(text: string, values: readonly unknown[]): Promise<QueryResult> {
    const settings = this.#settings
    if (settings === undefined) return this.#send(text, values)
    if (text === BEGIN) {
      this.#inTransaction = true
      return this.#begin(settings)
    }
    if (END.test(text)) this.#inTransaction = false
    else if (!this.#inTransaction) return this.#alone(settings, text, values)
    return this.#send(text, values)
  }

  release(destroy?: boolean): void {
    // The server may still be working for this connection. With another one in its place, a server that hangs would have
    // ever more connections.
    if (this.#answer !== undefined) void this.#answer.then(() => this.#client.release(true))
    else this.#client.release(destroy === true || this.#isLost)
  }

  /** A statement that is not part of a transaction: it becomes one, so that its settings hold. */
  async #alone(settings: string, text: string, values: readonly unknown[]): Promise<QueryResult> {
    await this.#begin(settings)
    try {
      const result = await this.#send(text, values)
      await this.#send('commit')
      return result
    } catch (error) {
      if (!this.#isLost) await this.#send('rollback')
      throw error
    }
  }

  #begin(settings: string): Promise<QueryResult> {
    return this.#send(`begin isolation level read committed; ${settings}`)
  }

  async #send(text: string, values?: readonly unknown[]): Promise<QueryResult> {
    const { isPrepared, isPatient } = this.#execution
    try {
      return await this.#client.query({
        text,
        // Without values, the text may be several statements.
        ...(values !== undefined && { values: [...values] }),
        ...(isPrepared && { name: statementName(text) }),
        ...(isPatient && { query_timeout: HOUR }),
      })
    } catch (error) {
      this.#isLost ||= isConnectionLost(error)
      if (isMixedUp(error)) this.#execution.onMixedUp()
      if (isSilent(error)) this.#answer ??= this.#untilAnswer()
      // Errors are logged, and the detail repeats rows with hashes and addresses.
      if (error instanceof DatabaseError) error.detail = undefined
      throw error
    }
  }

  async #untilAnswer(): Promise<void> {
    const done = new AbortController()
    const { signal } = done
    const events = ['drain', 'end'].map((event) => once(this.#client, event, { signal }))
    await Promise.race([...events, this.#execution.patience(signal)]).catch(() => {})
    done.abort()
  }
}
