const SLOTS = 2 ** 18
const FULL = 255

/**
 * Counts any number of keys per window in 256 KiB. Keys that share a slot are counted together, so a count is never too
 * low.
 */
export class Slots {
  readonly #counts = new Uint8Array(SLOTS)
  readonly #window: number
  #start = 0

  /** @param window milliseconds */
  constructor(window: number) {
    this.#window = window
  }

  /** Counts a key. @returns its count in this window, at most 255 */
  count(key: string, now: number): number {
    // The absolute difference, because the clock may have been set back.
    if (Math.abs(now - this.#start) >= this.#window) {
      this.#counts.fill(0)
      this.#start = now
    }
    const slot = hash(key) % SLOTS
    const count = Math.min((this.#counts[slot] ?? 0) + 1, FULL)
    this.#counts[slot] = count
    return count
  }
}

/** FNV-1a */
function hash(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
