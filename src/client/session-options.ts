import type { paths } from '../../generated/types.ts'
import type { User } from './identity.ts'
import type { TokenStorage } from './storage.ts'
import type { Tokens } from './tokens.ts'

type RefusedAt<Path extends '/refresh_token' | '/api/auth/refresh'> = paths[Path]['post']['responses'][
  | 401
  | 403
  | 404]['headers']['Rekindle-Error']

/**
 * Why a session has ended: the word with which the service refused a refresh; `logout`; or `replaced`, when another user has
 * logged in in this browser. A service older than 0.4 sends no words: then it is the message.
 */
export type EndReason =
  | 'logout'
  | 'replaced'
  | Exclude<RefusedAt<'/refresh_token' | '/api/auth/refresh'>, 'cross_site_request' | 'exchange_disabled'>
  | (string & {})

/** How a session has ended */
export interface End {
  readonly reason: EndReason
  /** The same for people, in English */
  readonly message: string
}

/** What a page can show of a session. A new object for each change, and the same one in between. */
export interface SessionState {
  /** `pending`: not known yet. In cookie mode the service is asked by the first request or subscription. */
  readonly status: 'pending' | 'loggedIn' | 'loggedOut'
  /** The same object until the user or the session changes */
  readonly user: User | undefined
  /** When the access token expires, in milliseconds since the epoch by this device's clock */
  readonly expiresAt: number | undefined
  /** How the last session has ended; undefined if there was none on this page, and after a login */
  readonly ended: End | undefined
}

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
  /**
   * Where tokens are kept, and logouts that the service has not heard of. By default `memoryStorage()`, which forgets them
   * with the page; in cookie mode tokens in memory and logouts, without tokens, in `localStorage`.
   */
  readonly storage?: TokenStorage
  /**
   * More origins whose requests get the access token, such as `https://api.example.com`. Those of the service and of the
   * page always get it.
   */
  readonly origins?: readonly string[]
  /**
   * Tabs with the same name share one session, through a lock and a channel. Two sessions on a page need two names. In
   * browsers the default is made from `baseUrl`. Elsewhere each session is independent by default.
   */
  readonly name?: string
  /**
   * Binds the session to a key of this browser, which cannot be extracted (DPoP, RFC 9449): stolen tokens are worth nothing
   * elsewhere. It is bound by a login that is sent with `session.fetch`, or else by a refresh right after it.
   */
  readonly dpop?: boolean
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
   * Called at once when the session has ended, in every tab. After a logout, the request to the service may still be under
   * way. It is sent even if the user leaves the page. Not called when a page opens without a session, nor in the tab whose
   * `start` replaces a session.
   *
   * @param reason a code, such as `logout` or `refresh_token_expired`
   * @param message the same for people, in English
   */
  onEnded?(reason: EndReason, message: string): void
}

/** The tokens in the answer to a login */
export interface Grant {
  readonly access_token: string
  /** Seconds until the access token expires */
  readonly expires_in: number
  readonly refresh_token?: string
}

/** One login, shared by the tabs of a browser: see `createSession`. Its functions do not need `this`. */
export interface Session {
  /** Who is logged in, as far as this tab knows: that of `state` */
  readonly user: User | undefined
  readonly state: SessionState
  /**
   * Calls a listener at once, and after each login, refresh, change of user and end, in whichever tab it happened. The first
   * subscription asks the service whether a user is logged in, if that is not known.
   *
   * @returns unsubscribes
   * @example
   * ```tsx
   * import { createSession } from 'rekindle/client'
   * import { useSyncExternalStore } from 'react'
   *
   * const session = createSession({ baseUrl: 'https://auth.example.com', mode: 'cookie' })
   * const useSession = () => useSyncExternalStore(session.subscribe, () => session.state)
   * ```
   */
  subscribe(listener: (state: SessionState) => void): () => void
  /**
   * Starts the session. Another session of this browser is ended on the service.
   *
   * @param grant `data` of the answer to a login or a change of the password
   */
  start(grant: Grant): Promise<void>
  /**
   * Adds the access token to a request and sends it. On 401 it refreshes once and repeats the request once, unless the
   * body is a stream, which cannot be sent twice. A request belongs to the session under which it was begun: it is never
   * repeated for another one. Requests to other origins than those of `origins`, and requests with an `Authorization` of
   * their own, are sent as they are.
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
   * Refreshes now, for interceptors of other HTTP clients. All callers share one refresh.
   *
   * @param refused the access token that got a 401. If the session has another one by now, nothing is sent.
   * @returns the new access token; undefined when no user is logged in
   * @throws RefreshError when it cannot be had now
   */
  refresh(refused?: string): Promise<string | undefined>
  /**
   * Ends the session here, in the other tabs and on the service.
   *
   * @throws RefreshError when the service did not answer or refused. The session has ended here all the same, and the
   * service is told later, also after a reload if the storage lasts.
   */
  logout(): Promise<void>
}
