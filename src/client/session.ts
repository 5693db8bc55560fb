import { authorized, createFetch, isBound, proving } from './fetch.ts'
import { createKeeper } from './keeper.ts'
import { createLogouts } from './logout.ts'
import { createRefresh } from './refresh.ts'
import type { RefreshError } from './request.ts'
import { isGrant, pageOrigin } from './request.ts'
import type { Session, SessionOptions } from './session-options.ts'
import { wakeIn } from './wait.ts'

// Milliseconds after which a logout that was not heard is sent again
const LOGOUT_AGAIN = 30_000

/**
 * Creates a session, which refreshes tokens before they expire and shares them with the other tabs.
 *
 * It sends nothing to the service until a request needs a token, a page subscribes to its state, or a stored token is about
 * to expire. Failed refreshes are retried with the same token, which the server makes safe.
 *
 * @param options only `baseUrl` is required. All durations are in milliseconds.
 * @example
 * ```ts
 * import { createClient, createSession } from 'rekindle/client'
 *
 * const baseUrl = 'https://auth.example.com'
 * const session = createSession({
 *   baseUrl,
 *   origins: ['https://api.example.com'],
 *   onEnded: (reason, message) => console.log('log in again:', reason, message),
 * })
 * const auth = createClient({ baseUrl })
 * const { data } = await auth.POST('/api/auth/login', {
 *   body: { username: 'ada', password: 'correct horse battery staple' },
 * })
 * if (data) await session.start(data.data)
 *
 * const response = await session.fetch('https://api.example.com/things')
 * await session.logout()
 * ```
 */
export function createSession(options: SessionOptions): Session {
  const {
    baseUrl,
    mode = 'header',
    // Without a location there are no tabs, but one process may serve many users.
    name = pageOrigin() === undefined ? '' : `rekindle ${baseUrl}`,
    signal = new AbortController().signal,
    timeout = 5000,
    tries = 5,
    backoff = 300,
  } = options
  const fetch = proving(options, name, options.fetch ?? globalThis.fetch.bind(globalThis))
  const sending = { fetch, signal, timeout, tries, backoff }
  // Once: an older service binds no session.
  let mayBind = options.dpop && mode === 'header'
  let timer: ReturnType<typeof setTimeout> | undefined

  const keeper = createKeeper(options, name, signal, schedule)
  const refreshNow = createRefresh(keeper, refreshRequest, sending)
  const sendLogouts = createLogouts(
    keeper,
    (init, token) => post('/api/auth/logout', init, token),
    refreshNow,
    sending,
  )

  const post = (path: string, init: RequestInit, token?: string) =>
    authorized(
      new Request(baseUrl.replace(/\/*$/, path), {
        method: 'POST',
        keepalive: true,
        credentials: mode === 'cookie' ? 'include' : 'omit',
        ...init,
      }),
      token,
    )

  function refreshRequest(): Request {
    const { refreshToken, accessToken: token } = keeper.tokens ?? {}
    if (mode !== 'access') return post('/refresh_token', {}, refreshToken)
    const headers = { 'Content-Type': 'application/json' }
    return post('/api/auth/refresh', { headers, body: JSON.stringify({ token }) })
  }

  function schedule(): void {
    clearTimeout(timer)
    if (signal.aborted) return
    const again = (milliseconds: number) => {
      clearTimeout(timer)
      timer = wakeIn(milliseconds, schedule)
    }
    const later = ({ wait = 0 }: Partial<RefreshError>) => again(Math.max(wait, 10 * backoff))
    sendLogouts().catch(() => again(LOGOUT_AGAIN))
    const { tokens } = keeper
    if (tokens) {
      const life = tokens.expiresIn * 1000
      const ahead = Math.min(options.refreshAhead ?? Math.min(60_000, life / 5), life / 2)
      const isToBind = mayBind && !isBound(tokens.refreshToken)
      timer = wakeIn(isToBind ? 0 : keeper.remaining() - ahead, () => {
        mayBind = false
        refreshNow().catch(later)
      })
    } else if (keeper.isWatched() && isUnknown()) accessToken().catch(later)
  }

  // In cookie mode only the server knows whether a user is logged in.
  function isUnknown(): boolean {
    return mode === 'cookie' && keeper.state.status === 'pending'
  }

  async function accessToken(): Promise<string | undefined> {
    await keeper.ready
    if (keeper.tokens ? keeper.remaining() <= 0 : isUnknown()) await refreshNow()
    return keeper.tokens?.accessToken
  }

  // A page that was asleep or frozen has missed its timers, and one without a channel what other tabs have stored. Events of
  // the document bubble to the window.
  for (const type of ['online', 'pageshow', 'focus', 'visibilitychange', 'storage']) {
    const wake = () => keeper.read().then(schedule)
    ;(globalThis as Partial<EventTarget>).addEventListener?.(type, wake, { signal })
  }

  async function refresh(refused?: string): Promise<string | undefined> {
    await keeper.ready
    const token = keeper.tokens?.accessToken
    if (token ? !refused || refused === token : mode === 'cookie') await refreshNow()
    return keeper.tokens?.accessToken
  }

  return {
    get user() {
      return keeper.state.user
    },
    get state() {
      return keeper.state
    },
    subscribe(listener) {
      const unsubscribe = keeper.subscribe(listener)
      if (isUnknown()) schedule()
      return unsubscribe
    },
    async start(grant) {
      if (!isGrant(grant)) throw new TypeError('no `data` of a login')
      const receivedAt = Date.now()
      keeper.interrupt()
      await keeper.ready
      await keeper.take(grant, receivedAt, true)
    },
    fetch: createFetch(keeper, options, fetch, accessToken, refresh),
    accessToken,
    refresh,
    async logout() {
      await keeper.ready
      keeper.end()
      await sendLogouts()
    },
  }
}
