/** Tokens as a tab holds them, and as they go to storage and to other tabs. */
export interface Tokens {
  readonly accessToken: string
  /** In header mode only: in cookie mode the browser has it, and no script ever sees it */
  readonly refreshToken?: string
  /** Seconds that the access token lasts, from `receivedAt` on */
  readonly expiresIn: number
  /** Milliseconds since the epoch, by this device's clock, right or wrong */
  readonly receivedAt: number
  /**
   * Counts up with each refresh, in all tabs together: the higher one is the newer one, whatever clocks say. It is at
   * least `receivedAt`, so that a login on a page that remembers nothing is newer than what other tabs still have
   */
  readonly sequence: number
}

/**
 * Where tokens outlive a page. Anything that can keep one JSON value will do. When it fails, or has something else in
 * the place of tokens, the session goes on with what it has in memory.
 */
export interface TokenStorage {
  get(): Tokens | undefined | Promise<Tokens | undefined>
  /** `undefined` takes them away */
  set(tokens: Tokens | undefined): void | Promise<void>
}

/** Gone with the page: the default, and the safest against scripts that do not belong there. */
export function memoryStorage(): TokenStorage {
  let kept: Tokens | undefined
  return {
    get: () => kept,
    set(tokens) {
      kept = tokens
    },
  }
}

/** `localStorage` or `sessionStorage`. Every script of the origin can read it. */
export function webStorage(
  storage: {
    getItem(key: string): string | null
    setItem(key: string, value: string): void
    removeItem(key: string): void
  },
  key = 'rekindle',
): TokenStorage {
  return {
    get: () => JSON.parse(storage.getItem(key) ?? 'null') ?? undefined,
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  }
}

const isTokens = (value: unknown): value is Tokens => {
  const { accessToken, expiresIn, receivedAt, sequence } = (value ?? {}) as Tokens
  return typeof accessToken === 'string' && Number.isFinite(expiresIn + receivedAt + sequence)
}

/** Works in order, and never fails. */
export function tolerant(storage: TokenStorage) {
  let last: Promise<unknown> = Promise.resolve()
  const inOrder = <T>(work: () => Promise<T>) => {
    const done = last.then(work).catch(() => undefined)
    last = done
    return done
  }
  const read = async () => {
    try {
      const stored: unknown = await storage.get()
      if (isTokens(stored)) return stored
    } catch {
      // As if there was nothing.
    }
    return undefined
  }
  return {
    get: () => inOrder(read),
    set: (tokens: Tokens) =>
      inOrder(async () => {
        try {
          await storage.set(tokens)
        } catch {
          // Nothing older may stay in its place: after the next start of the page it would look like a theft.
          await storage.set(undefined)
        }
      }),
    /** Takes tokens away, unless somebody has logged in since. */
    end: (sequence: number) =>
      inOrder(async () => {
        const stored = await read()
        if (!stored || stored.sequence <= sequence) await storage.set(undefined)
      }),
  }
}

/**
 * By two clocks, and the one that went further counts: the monotonic one does not care when somebody sets the time,
 * but stands still in some browsers while the device sleeps; the other one does not.
 *
 * @returns the milliseconds until the access token expires, at any time; below zero when it has
 */
export function lifetimeOf({ expiresIn, receivedAt }: Tokens): () => number {
  const bornAt = performance.now() - Math.max(0, Date.now() - receivedAt)
  return () => expiresIn * 1000 - Math.max(performance.now() - bornAt, Date.now() - receivedAt)
}
