import type { TokenStorage, Tokens } from './tokens.ts'

/** Options of `createSession`. Only `baseUrl` is required. */
export interface SessionOptions {
  /** The URL of the service, such as `https://auth.example.com` */
  readonly baseUrl: string
  /**
   * - `header`: the refresh token is in `storage` (default)
   * - `cookie`: the refresh token is in an HTTP-only cookie, which scripts cannot read
   * - `access`: there is no refresh token; expired access tokens are exchanged
   */
  readonly mode?: 'header' | 'cookie' | 'access'
  /** Where tokens are kept; `memoryStorage()` by default, which forgets them with the page */
  readonly storage?: TokenStorage
  /**
   * Tabs with the same name share one session, through a lock and a channel. Two sessions on a page need two names. In
   * browsers the default is made from `baseUrl`. Elsewhere each session is independent by default.
   */
  readonly name?: string
  /** The platform's `fetch` by default */
  readonly fetch?: typeof globalThis.fetch
  /**
   * Milliseconds before expiry at which an access token is refreshed, at most half of its lifetime; by default a fifth
   * of its lifetime, at most a minute
   */
  readonly refreshAhead?: number
  /** Milliseconds to wait for the refresh of another tab; 5000 by default */
  readonly lockTimeout?: number
  /** Milliseconds that the first try may take, doubled for each further one; 5000 by default */
  readonly timeout?: number
  /** The maximum number of tries of a refresh, all begun within 20 seconds; 5 by default */
  readonly tries?: number
  /** Milliseconds before the second try, doubled for each further one, plus a random part; 300 by default */
  readonly backoff?: number
  /** Stops timers, requests and listeners when it is aborted */
  readonly signal?: AbortSignal
  /** Called after a login or refresh of this tab */
  onRefreshed?(tokens: Tokens): void
  /**
   * Called when the session has ended. After a logout it is called once the service has answered or could not be reached,
   * so that it may safely load another page.
   *
   * @param reason `logout`, or the word with which the service refused a refresh, such as `refresh_token_expired`
   */
  onEnded?(reason: string): void
}

/** The tokens in the answer to a login */
export interface Grant {
  readonly access_token: string
  /** Seconds until the access token expires */
  readonly expires_in: number
  readonly refresh_token?: string
}

/** One login, shared by the tabs of a browser: see `createSession`. */
export interface Session {
  /** Starts the session. @param grant `data` of the answer to a login */
  start(grant: Grant): Promise<void>
  /**
   * Adds the access token to a request and sends it. On 401 it refreshes once and repeats the request once, unless the
   * body is a stream, which cannot be sent twice.
   *
   * @throws RefreshError when the access token has expired and cannot be refreshed now
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /**
   * @returns an access token that has not expired; undefined when no user is logged in
   * @throws RefreshError when the token has expired and cannot be refreshed now
   */
  accessToken(): Promise<string | undefined>
  /**
   * Ends the session here, in the other tabs and on the server.
   *
   * @throws RefreshError when the server did not answer or refused. The session has ended here all the same, and
   * another call tells the server again. After a new login, another call ends the new session instead.
   */
  logout(): Promise<void>
}
