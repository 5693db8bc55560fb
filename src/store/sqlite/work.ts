/** A statement, or a whole transaction, that waits for its turn. */
export interface Work {
  isReading(): boolean
  /** @returns a function that resolves the caller's promise, called after the commit */
  run(): () => void
  reject(error: unknown): void
}

/** Work that was done, but is not committed yet. */
export interface DoneWork {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}
