/** What a session is made of, and what it can do. */
import type { TokenStorage, Tokens } from './tokens.ts'

export interface SessionOptions {
  /** Where the service is, `https://auth.example.com` */
  readonly baseUrl: string
  /**
   * - `header`: the refresh token is in `storage` (default)
   * - `cookie`: it is in an HTTP-only cookie that no script sees
   * - `access`: there is none; expired access tokens are exchanged
   */
  readonly mode?: 'header' | 'cookie' | 'access'
  /** Memory by default, which is gone with the page */
  readonly storage?: TokenStorage
  /**
   * What the tabs of one session share a lock and a channel by; two sessions on a page need two names. By default it is
   * made of `baseUrl`, and outside of browsers, where a process has many users, each session has one of its own
   */
  readonly name?: string
  readonly fetch?: typeof globalThis.fetch
  /**
   * Milliseconds before the expiry at which tokens are refreshed, half of their life at most; by default a fifth of it, a
   * minute at most
   */
  readonly refreshAhead?: number
  /** Milliseconds that a tab waits for another tab's refresh; 5000 by default */
  readonly lockTimeout?: number
  /** Milliseconds that the first try may take, and each further one twice as many; 5000 by default */
  readonly timeout?: number
  /**
   * How often a refresh is sent before `fetch` fails; 5 by default, as far as 20 seconds allow. The session goes on in any
   * case
   */
  readonly tries?: number
  /** Milliseconds before the second try, doubled for each further one; 300 by default */
  readonly backoff?: number
  /** Stops it all: timers, requests, listeners */
  readonly signal?: AbortSignal
  onRefreshed?(tokens: Tokens): void
  /**
   * After a logout, when the service has answered or cannot be reached: who goes to another page now cancels nothing.
   *
   * @param reason `logout`, or the message that the service refused the refresh with
   */
  onEnded?(reason: string): void
}

/** What a login answers with */
export interface Grant {
  readonly access_token: string
  readonly expires_in: number
  readonly refresh_token?: string
}

export interface Session {
  /** Takes over the `data` of a login. */
  start(grant: Grant): Promise<void>
  /**
   * The platform's `fetch` with the access token added. On 401 it refreshes once and repeats the request once, unless
   * its body is a stream, which cannot be sent twice.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** A token that has not expired; undefined when nobody is logged in. @throws RefreshError when it cannot be had now */
  accessToken(): Promise<string | undefined>
  /**
   * Ends the session here, in the other tabs, and on the server. @throws RefreshError when the server did not hear it,
   * or refused: it is over here all the same, and a second call tells the server again, unless somebody has logged in
   * since: they are logged out
   */
  logout(): Promise<void>
}
