/**
 * Tasks that wait, in lanes inside lanes. The lanes of one level are served in turn, however many tasks each of them
 * has. A path names the lanes from the widest to the narrowest, such as a network and an address in it.
 */
export class Lanes<Task> {
  // In the order of their turns: a lane that was served goes to the end. Empty lanes are removed.
  readonly #lanes = new Map<string, Lanes<Task>>()
  /** Tasks of this lane itself, for a path that ends here */
  readonly #tasks: Task[] = []
  #size = 0

  /** The number of tasks, including those of inner lanes */
  get size(): number {
    return this.#size
  }

  add(path: readonly string[], task: Task): void {
    const [name, ...inner] = path
    this.#size++
    if (name === undefined) {
      this.#tasks.push(task)
      return
    }
    const lane = this.#lanes.get(name) ?? new Lanes()
    this.#lanes.set(name, lane)
    lane.add(inner, task)
  }

  /** Removes the task whose turn it is. */
  take(): Task | undefined {
    const [next] = this.#lanes
    if (next === undefined) return this.#removed(this.#tasks.shift())
    const [name, lane] = next
    const task = lane.take()
    this.#lanes.delete(name)
    if (lane.size > 0) this.#lanes.set(name, lane)
    return this.#removed(task)
  }

  /** @returns how many tasks would go before another one of this path */
  ahead([name, ...inner]: readonly string[]): number {
    if (name === undefined) return this.#tasks.length
    const own = this.#lanes.get(name)?.ahead(inner) ?? 0
    let count = own
    for (const [other, lane] of this.#lanes) if (other !== name) count += Math.min(lane.size, own + 1)
    return count
  }

  /**
   * Makes room for another task of this path: removes the newest task of the longest lane.
   *
   * @returns undefined when no lane is longer than that of the path will be
   */
  giveWay([name, ...inner]: readonly string[]): Task | undefined {
    if (name === undefined) return undefined
    const own = this.#lanes.get(name)
    const [longest, lane] = this.#longest()
    if (lane === undefined) return undefined
    if (lane.size > (own?.size ?? 0) + 1) return this.#without(longest, lane.#takeNewest())
    return own === undefined ? undefined : this.#without(name, own.giveWay(inner))
  }

  #takeNewest(): Task | undefined {
    const [name, lane] = this.#longest()
    return lane === undefined ? this.#removed(this.#tasks.pop()) : this.#without(name, lane.#takeNewest())
  }

  #longest(): [name: string, lane: Lanes<Task> | undefined] {
    let longest: [string, Lanes<Task> | undefined] = ['', undefined]
    for (const entry of this.#lanes) if (entry[1].size > (longest[1]?.size ?? 0)) longest = entry
    return longest
  }

  #without(name: string, task: Task | undefined): Task | undefined {
    if (this.#lanes.get(name)?.size === 0) this.#lanes.delete(name)
    return this.#removed(task)
  }

  #removed(task: Task | undefined): Task | undefined {
    if (task !== undefined) this.#size--
    return task
  }
}
