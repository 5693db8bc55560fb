import type { Tokens } from './tokens.ts'
import { within } from './wait.ts'

/** What a storage keeps: tokens, and what a page has to know of sessions that have ended. Everything may be missing. */
export interface Stored extends Partial<Tokens> {
  /**
   * Logouts that the service has not heard of: in cookie mode the ids of the sessions, otherwise their tokens. They are
   * kept where the tokens were, so that a reload does not forget a logout.
   */
  readonly logout?: readonly string[] | undefined
  /** In cookie mode: the service has said that nobody is logged in. It is not asked again on each page. */
  readonly nobody?: boolean | undefined
}

/**
 * Keeps tokens when a page is closed: anything that can store one JSON value. If it fails, hangs or returns anything else,
 * the session goes on with the tokens in memory.
 *
 * @example
 * ```ts
 * import { readFile, rm, writeFile } from 'node:fs/promises'
 * import type { TokenStorage } from 'rekindle/client'
 *
 * const storage: TokenStorage = {
 *   get: async () => JSON.parse(await readFile('tokens.json', 'utf8')),
 *   set: (stored) =>
 *     stored
 *       ? writeFile('tokens.json', JSON.stringify(stored), { mode: 0o600 })
 *       : rm('tokens.json', { force: true }),
 * }
 * ```
 */
export interface TokenStorage {
  get(): Stored | undefined | Promise<Stored | undefined>
  /** @param stored undefined removes everything */
  set(stored: Stored | undefined): void | Promise<void>
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
  let kept: Stored | undefined
  return {
    get: () => kept,
    set(stored) {
      kept = stored
    },
  }
}

/** `localStorage`, `sessionStorage`, or anything alike */
export interface WebStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/**
 * Creates a storage in `localStorage` or `sessionStorage`, which every script of the origin can read.
 *
 * @param storage better as a function: where cookies are blocked, `localStorage` itself throws
 * @param key of the item; `rekindle` by default
 * @example
 * ```ts
 * import { createSession, webStorage } from 'rekindle/client'
 *
 * const session = createSession({
 *   baseUrl: 'https://auth.example.com',
 *   storage: webStorage(() => localStorage),
 * })
 * ```
 */
export function webStorage(storage: WebStorage | (() => WebStorage), key = 'rekindle'): TokenStorage {
  const at = () => (typeof storage === 'function' ? storage() : storage)
  return {
    // The session checks the type, because other programs may write here.
    get: () => (JSON.parse(at().getItem(key) ?? 'null') as Stored | null) ?? undefined,
    set: (stored) => (stored ? at().setItem(key, JSON.stringify(stored)) : at().removeItem(key)),
  }
}

// Milliseconds. Storages of phones can be slow; a person waits for the first page.
const PATIENCE = 1000

/** Wraps a storage so that its calls run in order, never fail, and keep nobody waiting for long. */
export function tolerant(storage: TokenStorage) {
  let last = Promise.resolve()
  let isStuck = false
  function inOrder(work: () => Promise<void>): Promise<void> {
    const done = last.then(work).catch(() => {})
    last = done.then(() => {
      isStuck = false
    })
    return within([], () => (isStuck ? Promise.resolve() : done), PATIENCE).catch(() => {
      isStuck = true
    })
  }
  async function get(): Promise<Stored> {
    try {
      return Object(await storage.get())
    } catch {
      // A failure counts as an empty storage.
      return {}
    }
  }
  return {
    /** @param use gets what is stored, however late that is */
    read: (use: (stored: Stored) => void) => inOrder(async () => use(await get())),
    /** Other tabs may have stored something since it was read, so the change begins with what is there. */
    update: (change: (stored: Stored) => Stored | undefined) =>
      inOrder(async () => {
        try {
          await storage.set(change(await get()))
        } catch {
          // Old tokens must not remain: the server would take their use after a reload for a theft.
          await storage.set(undefined)
        }
      }),
  }
}
