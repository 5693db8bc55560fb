import { isGrant, pause, RefreshError, request, unlessAborted } from './request.ts'
import type { Grant, Session, SessionOptions } from './session-options.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Tokens } from './tokens.ts'
import { lifetimeOf, memoryStorage, tolerant } from './tokens.ts'

const DAYS_24 = 2 ** 31 - 1 // the longest timer that platforms know

export function createSession(options: SessionOptions): Session {
  const {
    baseUrl,
    mode = 'header',
    // What runs at no location has no tabs, but many users.
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
  /** The token of a logout that the server has not answered; the next logout sends it again */
  let pendingLogout: string | undefined
  let onFirstAnswer = () => {}
  // Counts starts and ends: what was asked for before does not count after.
  let epoch = 0
  // The highest that was seen, also after an end.
  let sequence = 0

  const tabs = createTabs(name, lockTimeout, signal, onMessage)
  const ready = prepare()
  // Whoever waits for it hears when it is aborted, and nobody has to.
  ready.catch(() => {})

  async function prepare(): Promise<void> {
    await readStorage()
    if (current) return
    // Another tab may have what a memory of our own cannot.
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
    // Without rotation it stays as it is, and no answer repeats it.
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
    // By itself: what the application throws there stops nothing here.
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
    // Who goes to another page then would cancel a request.
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
    timer = setTimeout(work, Math.min(milliseconds, DAYS_24))
    // In Node it would keep the process alive.
    ;(timer as { unref?: () => void }).unref?.()
  }

  /** One at a time in this tab, and one at a time in all. */
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
    // Another tab may have been faster, while this one waited for the lock, for the next try or for the answer.
    const overtaken = async () => {
      await readStorage()
      return epoch !== begun || current?.accessToken !== stale
    }
    // What the last holder of the lock announced is on its way.
    await pause(10, signal)
    const make = async () => {
      if (await overtaken()) return undefined
      sentAt = Date.now()
      return refreshRequest()
    }
    const answer = await request(make, sending)
    if (!answer || (await overtaken())) return
    const { status, message, data } = answer
    if (status === 200 && isGrant(data)) return take(data, sentAt, current?.refreshToken)
    // 403 and 404 are of the request, unless they name the user.
    if (status !== 401 && !message.startsWith('User ')) throw new RefreshError(message)
    tabs.tell({ ended: message, sequence })
    end(message)
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
    // In cookie mode only the server knows whether anybody is logged in.
    if (current ? remaining() <= 0 : mode === 'cookie' && !ended) await refresh()
    return current?.accessToken
  }

  async function sessionFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const first = new Request(input, init)
    const second = init?.body instanceof ReadableStream ? undefined : first.clone()
    const begun = epoch
    let token = await unlessAborted(first.signal, accessToken())
    // What one user asked for is not sent as another.
    if (epoch !== begun) token = undefined
    const response = await fetch(authorized(first, token))
    if (response.status !== 401 || !token || !second) return response
    // Unless somebody has refreshed since. That it cannot be done now is no reason to hide the answer.
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
    // Only the first try takes the cookie along, which clears it. Later it may be the cookie of somebody who has logged in
    // since, on a page that nobody has heard of yet: the token alone says which session is meant.
    let tried = token === pendingLogout
    pendingLogout = token
    const make = async () => {
      // Somebody has logged in since, and nothing is left that the server could tell the other session by.
      if (!token && current) throw new RefreshError('no answer')
      const init: RequestInit = token && tried ? { credentials: 'omit' } : {}
      tried = true
      return post('/api/auth/logout', init, token)
    }
    const answered = token || mode === 'cookie' ? request(make, sending) : undefined
    tabs.tell({ ended: 'logout', sequence })
    end('logout', answered)
    const answer = await answered
    // 401: nothing is left that this could end.
    if (answer && answer.status !== 200 && answer.status !== 401) throw new RefreshError(answer.message)
    pendingLogout = undefined
  }

  // A page that was asleep or frozen has missed its timers. What happens to a document bubbles to the window.
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
