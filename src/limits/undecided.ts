/** An attempt that is being counted, or is counted and may still give its points back. */
interface Open {
  readonly keys: readonly string[]
  readonly end: PromiseWithResolvers<void>
  /** Keys on which another attempt was decided since this one began */
  readonly decided: Set<string>
}

/** The open attempts of this process, by the keys of their counters. */
export class Undecided {
  readonly #open = new Map<string, Set<Open>>()

  begin(keys: readonly string[]): Open {
    const attempt = { keys, end: Promise.withResolvers<void>(), decided: new Set<string>() }
    for (const key of keys) this.#open.set(key, (this.#open.get(key) ?? new Set()).add(attempt))
    return attempt
  }

  /** @param how `refused`: the attempt was not counted, so its end frees no points */
  end(attempt: Open, how: 'decided' | 'refused'): void {
    for (const key of attempt.keys) {
      const others = this.#open.get(key)
      others?.delete(attempt)
      if (others?.size === 0) this.#open.delete(key)
      if (how === 'decided') for (const other of others ?? []) other.decided.add(key)
    }
    attempt.end.resolve()
  }

  /** @returns the next end of an attempt at a key. Undefined: none is open */
  next(key: string): Promise<void> | undefined {
    const open = this.#open.get(key)
    return open && Promise.race([...open].map(({ end }) => end.promise))
  }
}
