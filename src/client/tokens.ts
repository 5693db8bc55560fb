/** Tokens as a tab holds them, and as they go to storage and to other tabs. */
export interface Tokens {
  readonly accessToken: string
  /** In header mode only: in cookie mode the browser has it, and no script ever sees it */
  readonly refreshToken?: string
  /** Seconds that the access token lasts, from `receivedAt` on */
  readonly expiresIn: number
  /** Milliseconds since the epoch, by this device's clock, right or wrong */
  readonly receivedAt: number
  /** Counts up with each refresh, in all tabs together: the higher one is the newer one, whatever clocks say */
  readonly sequence: number
}

/** Where tokens outlive a page. Anything that can keep one JSON value will do. */
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

/** Measures how long tokens still last. */
export interface Lifetime {
  /** Milliseconds until the access token expires, below zero when it has */
  remaining(): number
}

/**
 * By two clocks, and the one that went further counts: the monotonic one does not care when somebody sets the time,
 * but stands still in some browsers while the device sleeps; the other one does not.
 */
export function lifetimeOf({ expiresIn, receivedAt }: Tokens): Lifetime {
  const adoptedAt = performance.now()
  const ageThen = Math.max(0, Date.now() - receivedAt)
  return {
    remaining: () =>
      expiresIn * 1000 - Math.max(ageThen + performance.now() - adoptedAt, Date.now() - receivedAt),
  }
}
