// Tokens of one chain differ by some digits.
const SLACK = 64

/**
 * Tokens that wait for their turn, first in, first out, outside V8's heap: thousands that live for half a second would be
 * moved at each collection, for milliseconds in which nothing is sent.
 */
export class Ring {
  readonly #width: number
  readonly #bytes: Buffer
  readonly #lengths: Uint16Array
  #pushed = 0
  #taken = 0

  /** @param tokens as many as there will ever be at once */
  constructor(tokens: readonly string[]) {
    this.#width = Math.max(...tokens.map(({ length }) => length)) + SLACK
    this.#bytes = Buffer.alloc(tokens.length * this.#width)
    this.#lengths = new Uint16Array(tokens.length)
    for (const token of tokens) this.push(token)
  }

  /** @throws RangeError when there is no room */
  push(token: string): void {
    const slot = this.#pushed++ % this.#lengths.length
    const isFull = this.#pushed - this.#taken > this.#lengths.length
    if (isFull || token.length > this.#width) throw new RangeError('no room for a token')
    this.#lengths[slot] = this.#bytes.write(token, slot * this.#width, 'latin1')
  }

  take(): string | undefined {
    if (this.#taken === this.#pushed) return undefined
    const slot = this.#taken++ % this.#lengths.length
    const start = slot * this.#width
    return this.#bytes.toString('latin1', start, start + (this.#lengths[slot] ?? 0))
  }
}
