/** Who has something to itself, and who waits for it, in the order of arrival. */
export class Turns<Owner> {
  #owner: Owner | undefined
  readonly #waiting: (() => void)[] = []

  isOf(owner: Owner): boolean {
    return this.#owner === owner
  }

  take(owner: Owner): void {
    this.#owner = owner
  }

  /** At once, or when whoever has it has released it. */
  inTurn<T>(work: () => T): T | Promise<T> {
    if (this.#owner === undefined) return work()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
    return promise
  }

  release(): void {
    this.#owner = undefined
    while (this.#owner === undefined) {
      const work = this.#waiting.shift()
      if (work === undefined) return
      work()
    }
  }
}
