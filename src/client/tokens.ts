/** Tokens as a tab keeps them, stores them and sends them to other tabs. */
export interface Tokens {
  readonly accessToken: string
  /** In header mode only: in cookie mode the browser has it, and scripts cannot read it */
  readonly refreshToken?: string
  /** Seconds from `receivedAt` until the access token expires */
  readonly expiresIn: number
  /** Milliseconds since the epoch by this device's clock, which may be wrong */
  readonly receivedAt: number
  /**
   * Increases with each refresh in any tab: the higher number is newer, even if clocks are wrong. It is at least
   * `receivedAt`, so that a login on a page without memory is newer than the tokens of other tabs.
   */
  readonly sequence: number
}

/**
 * Keeps tokens when a page is closed: anything that can store one JSON value. If it fails or returns anything else, the
 * session goes on with the tokens in memory.
 *
 * @example
 * ```ts
 * import { readFile, rm, writeFile } from 'node:fs/promises'
 * import type { TokenStorage } from 'rekindle/client'
 *
 * const storage: TokenStorage = {
 *   get: async () => JSON.parse(await readFile('tokens.json', 'utf8')),
 *   set: (tokens) =>
 *     tokens
 *       ? writeFile('tokens.json', JSON.stringify(tokens), { mode: 0o600 })
 *       : rm('tokens.json', { force: true }),
 * }
 * ```
 */
export interface TokenStorage {
  get(): Tokens | undefined | Promise<Tokens | undefined>
  /** @param tokens undefined removes them */
  set(tokens: Tokens | undefined): void | Promise<void>
}

/**
 * Creates a storage that forgets the tokens with the page. It is the default, and the safest against injected scripts.
 *
 * @example
 * ```ts
 * import { createSession, memoryStorage } from 'rekindle/client'
 *
 * const session = createSession({ baseUrl: 'https://auth.example.com', storage: memoryStorage() })
 * ```
 */
export function memoryStorage(): TokenStorage {
  let kept: Tokens | undefined
  return {
    get: () => kept,
    set(tokens) {
      kept = tokens
    },
  }
}

/**
 * Creates a storage in `localStorage` or `sessionStorage`, which every script of the origin can read.
 *
 * @param key of the item; `rekindle` by default
 * @example
 * ```ts
 * import { createSession, webStorage } from 'rekindle/client'
 *
 * const session = createSession({
 *   baseUrl: 'https://auth.example.com',
 *   storage: webStorage(localStorage),
 * })
 * ```
 */
export function webStorage(
  storage: {
    getItem(key: string): string | null
    setItem(key: string, value: string): void
    removeItem(key: string): void
  },
  key = 'rekindle',
): TokenStorage {
  return {
    // The session checks the type, because other programs may write here.
    get: () => (JSON.parse(storage.getItem(key) ?? 'null') as Tokens | null) ?? undefined,
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  }
}

const isTokens = (value: unknown): value is Tokens => {
  const { accessToken, expiresIn, receivedAt, sequence } = (value ?? {}) as Tokens
  return typeof accessToken === 'string' && Number.isFinite(expiresIn + receivedAt + sequence)
}

/** Wraps a storage so that its calls run in order and never fail. */
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
      // A failure counts as an empty storage.
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
          // Old tokens must not remain: the server would take their use after a reload for a theft.
          await storage.set(undefined)
        }
      }),
    /** Removes the tokens, unless a later login has stored newer ones. */
    end: (sequence: number) =>
      inOrder(async () => {
        const stored = await read()
        if (!stored || stored.sequence <= sequence) await storage.set(undefined)
      }),
  }
}

/**
 * Measures age with two clocks and uses the larger result. The wall clock can be set back, and in some browsers the
 * monotonic clock stops while the device sleeps.
 *
 * @returns a function that gives the milliseconds until the access token expires, negative after that
 */
export function lifetimeOf({ expiresIn, receivedAt }: Tokens): () => number {
  const startedAt = performance.now() - Math.max(0, Date.now() - receivedAt)
  return () => expiresIn * 1000 - Math.max(performance.now() - startedAt, Date.now() - receivedAt)
}
