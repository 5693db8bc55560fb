import type { Database } from './schema.ts'

/** Whoever only reads leaves a database as it is, even when there is none. */
export type Access = 'read' | 'write'

/** Connections to a database server */
export interface PoolState {
  readonly total: number
  readonly idle: number
  /** Statements and transactions that wait for one */
  readonly waiting: number
}

export interface Store {
  readonly db: Database
  /** Whether an error means that the database cannot be reached or written to now, and a retry may succeed. */
  isUnavailable(error: unknown): boolean
  /** With PostgreSQL: SQLite has one connection, and everybody shares it. */
  pool?(): PoolState
  close(): Promise<void>
}
