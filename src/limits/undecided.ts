interface Tries {
  /** The number of attempts that are being counted, or are counted and not decided */
  open: number
  /** The number of counted attempts that were decided while others were open */
  decisions: number
  waiting: ((isDecided: boolean) => void)[]
}

/** The attempts of this process that may still give their points back, by the keys of their counters. */
export class Undecided {
  readonly #tries = new Map<string, Tries>()

  /** @returns the number of decisions at each key so far, for {@link isOutdated} */
  begin(keys: readonly string[]): ReadonlyMap<string, number> {
    return new Map(
      keys.map((key) => {
        const tries = this.#tries.get(key) ?? { open: 0, decisions: 0, waiting: [] }
        tries.open++
        this.#tries.set(key, tries)
        return [key, tries.decisions]
      }),
    )
  }

  /** Whether another attempt was decided since this one began. To be asked before this one ends. */
  isOutdated(begun: ReadonlyMap<string, number>, key: string): boolean {
    return this.#tries.get(key)?.decisions !== begun.get(key)
  }

  /** @param isDecided false for an attempt that was not counted: its end frees no points */
  end(begun: ReadonlyMap<string, number>, isDecided: boolean): void {
    for (const key of begun.keys()) {
      const tries = this.#tries.get(key)
      if (tries === undefined) continue
      tries.open--
      if (isDecided) tries.decisions++
      if (tries.open === 0) this.#tries.delete(key)
      if (isDecided || tries.open === 0) for (const wake of tries.waiting.splice(0)) wake(isDecided)
    }
  }

  /** Waits for the next decision at a key. @returns false when no attempt is open that could be decided */
  async nextDecision(key: string): Promise<boolean> {
    const tries = this.#tries.get(key)
    return tries !== undefined && new Promise((resolve) => tries.waiting.push(resolve))
  }
}
