import { pause, RefreshError, request } from './request.ts'
import type { Grant, Session, SessionOptions } from './session-options.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Lifetime, Tokens } from './tokens.ts'
import { lifetimeOf, memoryStorage } from './tokens.ts'

const ENDING = [401, 403, 404]
const DAYS_24 = 2 ** 31 - 1 // the longest timer that platforms know

export function createSession(options: SessionOptions): Session {
  const { baseUrl, mode = 'header', storage = memoryStorage(), name = `rekindle ${baseUrl}` } = options
  const stop = new AbortController()
  const sending = {
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    signal: stop.signal,
    timeout: options.timeout ?? 10_000,
    tries: options.tries ?? 5,
    backoff: options.backoff ?? 300,
  }
  let current: Tokens | undefined
  let lifetime: Lifetime | undefined
  let flight: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  let greeted = () => {}
  // Counts starts and ends: what was asked for before does not count after.
  let epoch = 0
  // The highest that was seen, also after an end.
  let sequence = 0

  const tabs = createTabs(name, options.lockTimeout ?? 5000, hear)
  const ready = prepare()

  async function prepare(): Promise<void> {
    await readStorage()
    if (current) return
    // Another tab may have what a memory of our own cannot.
    const heard = new Promise<void>((resolve) => {
      greeted = resolve
    })
    tabs.tell({ hello: true })
    await Promise.race([heard, pause(150, stop.signal)])
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

  async function take(grant: Grant, receivedAt: number): Promise<void> {
    const tokens: Tokens = {
      accessToken: grant.access_token,
      ...(grant.refresh_token !== undefined && { refreshToken: grant.refresh_token }),
      expiresIn: grant.expires_in,
      receivedAt,
      sequence: sequence + 1,
    }
    adopt(tokens)
    await storage.set(tokens)
    tabs.tell({ tokens })
    options.onRefreshed?.(tokens)
  }

  function end(reason: string): void {
    if (ended) return
    ended = true
    epoch++
    current = undefined
    clearTimeout(timer)
    void storage.set(undefined)
    options.onEnded?.(reason)
  }

  function schedule(): void {
    clearTimeout(timer)
    if (!current || !lifetime) return
    const ahead = options.refreshAhead ?? Math.min(60_000, current.expiresIn * 200)
    const later = (error: unknown) => {
      const wait = error instanceof RefreshError ? error.wait : 0
      wakeIn(Math.max(wait, 10 * sending.backoff), schedule)
    }
    wakeIn(lifetime.remaining() - ahead, () => refresh().catch(later))
  }

  function wakeIn(milliseconds: number, work: () => void): void {
    if (stop.signal.aborted) return
    timer = setTimeout(work, Math.min(Math.max(milliseconds, 0), DAYS_24))
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
    await pause(10, stop.signal)
    const answer = await request(async () => {
      if (await overtaken()) return undefined
      sentAt = Date.now()
      return refreshRequest()
    }, sending)
    if (!answer || epoch !== begun) return
    const { status, message, data } = answer
    if (status === 200) return take(data as Grant, sentAt)
    if (!ENDING.includes(status)) throw new RefreshError(message)
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
    new Request(baseUrl.replace(/\/$/, '') + path, {
      ...init,
      method: 'POST',
      credentials: mode === 'cookie' ? 'include' : 'omit',
    })

  async function accessToken(): Promise<string | undefined> {
    await ready
    // In cookie mode only the server knows whether anybody is logged in.
    const mayBegin = mode === 'cookie' && !current && !ended
    if (mayBegin || (lifetime && current && lifetime.remaining() <= 0)) await refresh()
    return current?.accessToken
  }

  const send = (request: Request, token: string | undefined) => {
    if (token !== undefined) request.headers.set('Authorization', `Bearer ${token}`)
    return sending.fetch(request)
  }

  async function sessionFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const first = new Request(input, init)
    const second = init?.body instanceof ReadableStream ? undefined : first.clone()
    const token = await accessToken()
    const response = await send(first, token)
    if (response.status !== 401 || token === undefined || !second) return response
    // Unless somebody has refreshed since. That it cannot be done now is no reason to hide the answer.
    if (current?.accessToken === token) await refresh().catch(() => {})
    const next = current?.accessToken
    if (next === undefined || next === token) return response
    await response.body?.cancel()
    return send(second, next)
  }

  async function logout(): Promise<void> {
    await ready
    const token = current?.refreshToken ?? current?.accessToken
    tabs.tell({ ended: 'logout', sequence })
    end('logout')
    if (token === undefined && mode !== 'cookie') return
    const headers = token === undefined ? {} : bearer(token)
    await request(async () => post('/api/auth/logout', { headers }), sending)
  }

  const wake = () => schedule()
  const page = globalThis as { addEventListener?: EventTarget['addEventListener']; document?: EventTarget }
  // A page that was asleep or frozen has missed its timers.
  for (const type of ['online', 'pageshow', 'focus']) page.addEventListener?.(type, wake, stop)
  for (const type of ['visibilitychange', 'resume']) page.document?.addEventListener(type, wake, stop)

  options.signal?.addEventListener('abort', () => {
    clearTimeout(timer)
    tabs.close()
    stop.abort(options.signal?.reason)
  })

  return {
    async start(grant) {
      await ready
      epoch++
      await take(grant, Date.now())
    },
    fetch: sessionFetch,
    accessToken,
    logout,
  }
}
