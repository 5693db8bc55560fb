import type { Answer } from './request.ts'
import { isGrant, pause, RefreshError, request, unlessAborted } from './request.ts'
import type { Grant, Session, SessionOptions } from './session-options.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Lifetime, Tokens } from './tokens.ts'
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
  let lifetime: Lifetime
  let flight: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  /** What a logout sent that the server did not hear: the next one sends it again */
  let unheard: string | undefined
  let greeted = () => {}
  // Counts starts and ends: what was asked for before does not count after.
  let epoch = 0
  // The highest that was seen, also after an end.
  let sequence = 0

  const tabs = createTabs(name, lockTimeout, signal, hear)
  const ready = prepare()
  // Whoever waits for it hears when it is aborted, and nobody has to.
  ready.catch(() => {})

  async function prepare(): Promise<void> {
    await readStorage()
    if (current) return
    // Another tab may have what a memory of our own cannot.
    const heard = new Promise<void>((resolve) => {
      greeted = resolve
    })
    tabs.tell({ hello: true })
    await Promise.race([heard, pause(150, signal)])
  }

  async function readStorage(): Promise<void> {
    const stored = await storage.get()
    if (stored && stored.sequence > sequence) adopt(stored)
  }

  function hear(message: Message): void {
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
    lifetime = lifetimeOf(tokens)
    ended = false
    greeted()
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
    tell(() => options.onRefreshed?.(tokens))
  }

  function end(reason: string): void {
    if (ended) return
    ended = true
    epoch++
    current = undefined
    clearTimeout(timer)
    void storage.end(sequence)
    tell(() => options.onEnded?.(reason))
  }

  // By itself: what the application throws there stops nothing here.
  const tell = (callback: () => void) => queueMicrotask(callback)

  function schedule(): void {
    clearTimeout(timer)
    if (!current) return
    const ahead = options.refreshAhead ?? Math.min(60_000, current.expiresIn * 200)
    const later = ({ wait }: Partial<RefreshError>) => wakeIn(Math.max(wait ?? 0, 10 * backoff), schedule)
    wakeIn(lifetime.remaining() - ahead, () => refresh().catch(later))
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
    // Another tab may have been faster, while this one waited for the lock or for the next try.
    const overtaken = async () => {
      await readStorage()
      return epoch !== begun || current?.accessToken !== stale
    }
    // What the last holder of the lock announced is on its way.
    await pause(10, signal)
    const answer = await request(async () => {
      if (await overtaken()) return undefined
      sentAt = Date.now()
      return refreshRequest()
    }, sending)
    if (!answer || epoch !== begun || current?.accessToken !== stale) return
    const { status, message, data } = answer
    if (status === 200 && isGrant(data)) return take(data, sentAt, current?.refreshToken)
    // 403 and 404 are of the request, unless they name the user.
    if (status !== 401 && !message.startsWith('User ')) throw new RefreshError(message)
    if (await overtaken()) return
    tabs.tell({ ended: message, sequence })
    end(message)
  }

  function refreshRequest(): Request {
    if (mode === 'access') {
      const body = JSON.stringify({ token: current?.accessToken })
      return post('/api/auth/refresh', { headers: { 'Content-Type': 'application/json' }, body })
    }
    return post('/refresh_token', mode === 'cookie' ? {} : { headers: bearer(current?.refreshToken) })
  }

  const bearer = (token: string | undefined) => ({ Authorization: `Bearer ${token}` })

  const post = (path: string, init: RequestInit) =>
    new Request(baseUrl.replace(/\/+$/, '') + path, {
      ...init,
      method: 'POST',
      credentials: mode === 'cookie' ? 'include' : 'omit',
    })

  async function accessToken(): Promise<string | undefined> {
    await ready
    // In cookie mode only the server knows whether anybody is logged in.
    const mayBegin = mode === 'cookie' && !current && !ended
    if (mayBegin || (current && lifetime.remaining() <= 0)) await refresh()
    return current?.accessToken
  }

  const send = (request: Request, token: string | undefined) => {
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    return fetch(request)
  }

  async function sessionFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const first = new Request(input, init)
    const second = init?.body instanceof ReadableStream ? undefined : first.clone()
    const begun = epoch
    let token = await unlessAborted(first.signal, accessToken())
    // What one user asked for is not sent as another.
    if (epoch !== begun) token = undefined
    const response = await send(first, token)
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
    return send(second, next)
  }

  async function logout(): Promise<void> {
    await ready
    const token = current?.refreshToken ?? current?.accessToken ?? unheard
    unheard = token
    tabs.tell({ ended: 'logout', sequence })
    end('logout')
    if (!token && mode !== 'cookie') return
    const headers = token ? bearer(token) : {}
    const { status, message } = (await request(
      async () => post('/api/auth/logout', { headers }),
      sending,
    )) as Answer
    // 401: nothing is left that this could end.
    if (status !== 200 && status !== 401) throw new RefreshError(message)
    unheard = undefined
  }

  // A page that was asleep or frozen has missed its timers. What happens to a document bubbles to the window.
  for (const type of ['online', 'pageshow', 'focus', 'visibilitychange', 'resume']) {
    ;(globalThis as Partial<EventTarget>).addEventListener?.(type, () => schedule(), { signal })
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
