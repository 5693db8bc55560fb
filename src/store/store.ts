import type { Database } from './schema.ts'

/** Whoever only reads leaves a database as it is, even when there is none. */
export type Access = 'read' | 'write'

export interface Store {
  readonly db: Database
  /** Whether an error means that the database cannot be reached or written to now, and a retry may succeed. */
  isUnavailable(error: unknown): boolean
  close(): Promise<void>
}
