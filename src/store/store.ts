import type { Database } from './schema.ts'

export interface Store {
  readonly db: Database
  /** Whether an error means that the database cannot be reached or written to now, and a retry may succeed. */
  isUnavailable(error: unknown): boolean
  close(): Promise<void>
}
