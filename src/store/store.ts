import type { Database } from './schema.ts'

/** Only `create` makes a SQLite file that is missing. `read` never changes a database. */
export type Access = 'read' | 'write' | 'create'

/** The numbers of connections to a database server */
export interface PoolState {
  readonly total: number
  readonly idle: number
  /** The number of statements and transactions that wait for a connection */
  readonly waiting: number
}

export interface Store {
  readonly db: Database
  /** Whether an error means that the database cannot be reached or written to now, so that a retry may succeed */
  isUnavailable(error: unknown): boolean
  /** Only with PostgreSQL: SQLite has a single connection. */
  pool?(): PoolState
  close(): Promise<void>
}
