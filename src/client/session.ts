import { isGrant, pause, RefreshError, request, unlessAborted } from './request.ts'
import type { Grant, Session, SessionOptions } from './session-options.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Tokens } from './tokens.ts'
import { lifetimeOf, memoryStorage, tolerant } from './tokens.ts'

// Milliseconds: the longest timer that platforms support
const MAX_TIMER = 2 ** 31 - 1

/**
 * Creates a session, which refreshes tokens before they expire and shares them with the other tabs.
 *
 * It sends nothing to the service until a request needs a token or a stored token is about to expire. Failed refreshes
 * are retried with the same token, which the server makes safe.
 *
 * @param options only `baseUrl` is required. All durations are in milliseconds.
 * @example
 * ```ts
 * import { createClient, createSession } from 'rekindle/client'
 *
 * const baseUrl = 'https://auth.example.com'
 * const session = createSession({ baseUrl, onEnded: (reason) => console.log('log in again:', reason) })
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
    name = `rekindle ${'location' in globalThis ? baseUrl : Math.random()}`,
    fetch = globalThis.fetch.bind(globalThis),
    signal = new AbortController().signal,
    timeout = 5000,
    tries = 5,
    backoff = 300,
    lockTimeout = 5000,
  } = options
  const storage = tolerant(options.storage ?? memoryStorage())
  const sending = { fetch, signal, timeout, tries, backoff }
  let current: Tokens | undefined
  let remaining: () => number
  let flight: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  // The token of a logout that the server has not answered. The next logout sends it again.
  let pendingLogout: string | undefined
  let onFirstAnswer = () => {}
  // Counts starts and ends, so that an answer from before one of them can be ignored.
  let epoch = 0
  // The highest sequence seen, also after the session has ended
  let sequence = 0

  const tabs = createTabs(name, lockTimeout, signal, onMessage)
  const ready = prepare()
  // Callers that await `ready` see its rejection. Without a caller, an abort must not be an unhandled rejection.
  ready.catch(() => {})

  async function prepare(): Promise<void> {
    await readStorage()
    if (current) return
    // The storage may be this tab's memory: another tab may have tokens.
    const firstAnswer = new Promise<void>((resolve) => {
      onFirstAnswer = resolve
    })
    tabs.tell({ hello: true })
    await Promise.race([firstAnswer, pause(150, signal)])
  }

  async function readStorage(): Promise<void> {
    const stored = await storage.get()
    if (stored && stored.sequence > sequence) adopt(stored)
  }

  function onMessage(message: Message): void {
    if ('tokens' in message) {
      if (message.tokens.sequence < sequence) return
      void storage.set(message.tokens)
      adopt(message.tokens)
    } else if ('ended' in message) {
      if (message.sequence >= sequence) end(message.ended)
    } else if (current) tabs.tell({ tokens: current })
  }

  function adopt(tokens: Tokens): void {
    sequence = tokens.sequence
    current = tokens
    remaining = lifetimeOf(tokens)
    ended = false
    onFirstAnswer()
    schedule()
  }

  async function take(grant: Grant, receivedAt: number, held?: string): Promise<void> {
    // Without rotation, answers contain no refresh token and the old one stays valid.
    const refreshToken = grant.refresh_token ?? held
    const tokens: Tokens = {
      accessToken: grant.access_token,
      ...(refreshToken && { refreshToken }),
      expiresIn: grant.expires_in,
      receivedAt,
      sequence: Math.max(sequence + 1, receivedAt),
    }
    adopt(tokens)
    await storage.set(tokens)
    tabs.tell({ tokens })
    // In its own microtask: an error thrown by the application must not stop the session.
    queueMicrotask(() => options.onRefreshed?.(tokens))
  }

  function end(reason: string, answered?: Promise<unknown>): void {
    if (ended) return
    ended = true
    epoch++
    current = undefined
    clearTimeout(timer)
    void storage.end(sequence)
    const notify = () => queueMicrotask(() => options.onEnded?.(reason))
    // `onEnded` may load another page, which would cancel the logout request.
    void Promise.resolve(answered).then(notify, notify)
  }

  function schedule(): void {
    clearTimeout(timer)
    if (!current) return
    const life = current.expiresIn * 1000
    const ahead = Math.min(options.refreshAhead ?? Math.min(60_000, life / 5), life / 2)
    const later = ({ wait = 0 }: Partial<RefreshError>) => wakeIn(Math.max(wait, 10 * backoff), schedule)
    wakeIn(remaining() - ahead, () => refresh().catch(later))
  }

  function wakeIn(milliseconds: number, work: () => void): void {
    if (signal.aborted) return
    timer = setTimeout(work, Math.min(milliseconds, MAX_TIMER))
    // In Node the timer would keep the process alive.
    ;(timer as { unref?: () => void }).unref?.()
  }

  // The promise allows one refresh at a time in this tab, the lock one in all tabs.
  function refresh(): Promise<void> {
    const stale = current?.accessToken
    flight ??= tabs
      .exclusive(() => replace(stale))
      .finally(() => {
        flight = undefined
      })
    return flight
  }

  async function replace(stale: string | undefined): Promise<void> {
    const begun = epoch
    let sentAt = 0
    // Another tab may have refreshed while this one waited for the lock, the next try or the answer.
    const overtaken = async () => {
      await readStorage()
      return epoch !== begun || current?.accessToken !== stale
    }
    // The message of the last lock holder may still be in transit.
    await pause(10, signal)
    const make = async () => {
      if (await overtaken()) return undefined
      sentAt = Date.now()
      return refreshRequest()
    }
    const answer = await request(make, sending)
    if (!answer || (await overtaken())) return
    const { status, reason, data } = answer
    if (status === 200 && isGrant(data)) return take(data, sentAt, current?.refreshToken)
    // 403 and 404 are about the request, unless they are about the user: `user_inactive`, `user_not_found`.
    if (status !== 401 && !/^user/i.test(reason)) throw new RefreshError(reason)
    tabs.tell({ ended: reason, sequence })
    end(reason)
  }

  function refreshRequest(): Request {
    if (mode !== 'access') return post('/refresh_token', {}, current?.refreshToken)
    return post('/api/auth/refresh', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: current?.accessToken }),
    })
  }

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

  function authorized(request: Request, token?: string): Request {
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    return request
  }

  async function accessToken(): Promise<string | undefined> {
    await ready
    // In cookie mode only the server knows whether a user is logged in.
    if (current ? remaining() <= 0 : mode === 'cookie' && !ended) await refresh()
    return current?.accessToken
  }

  async function sessionFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const first = new Request(input, init)
    const second = init?.body instanceof ReadableStream ? undefined : first.clone()
    const begun = epoch
    let token = await unlessAborted(first.signal, accessToken())
    // A request begun for one user must not be sent with the token of the next.
    if (epoch !== begun) token = undefined
    const response = await fetch(authorized(first, token))
    if (response.status !== 401 || !token || !second) return response
    // Another call may already have refreshed. If refreshing fails, the caller gets the 401.
    if (current?.accessToken === token)
      await unlessAborted(
        first.signal,
        refresh().catch(() => {}),
      )
    const next = current?.accessToken
    if (!next || next === token || epoch !== begun) return response
    await response.body?.cancel()
    return fetch(authorized(second, next))
  }

  async function logout(): Promise<void> {
    await ready
    const token = current?.refreshToken ?? current?.accessToken ?? pendingLogout
    // Only the first try sends the cookie, and the answer clears it. By a later try another page may have logged in and
    // replaced the cookie, so only the token identifies the session.
    let tried = token === pendingLogout
    pendingLogout = token
    const make = async () => {
      // After a new login, the cookie is that of the new session, and without a token nothing identifies the old one.
      if (!token && current) throw new RefreshError('no_answer')
      const init: RequestInit = token && tried ? { credentials: 'omit' } : {}
      tried = true
      return post('/api/auth/logout', init, token)
    }
    const answered = token || mode === 'cookie' ? request(make, sending) : undefined
    tabs.tell({ ended: 'logout', sequence })
    end('logout', answered)
    const answer = await answered
    // 401: the session has already ended.
    if (answer && answer.status !== 200 && answer.status !== 401) throw new RefreshError(answer.reason)
    pendingLogout = undefined
  }

  // A page that was asleep or frozen has missed its timers. Events of the document bubble to the window.
  for (const type of ['online', 'pageshow', 'focus', 'visibilitychange']) {
    ;(globalThis as Partial<EventTarget>).addEventListener?.(type, schedule, { signal })
  }

  return {
    async start(grant) {
      epoch++
      await ready
      await take(grant, Date.now())
    },
    fetch: sessionFetch,
    accessToken,
    logout,
  }
}
