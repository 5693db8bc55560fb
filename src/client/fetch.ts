import type { Keeper } from './keeper.ts'
import { isMistake } from './request.ts'
import type { Session, SessionOptions } from './session-options.ts'
import { unlessAborted } from './wait.ts'

export function authorized(request: Request, token: string | undefined): Request {
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

const originOf = (url: string) => new Request(url).url.split('/', 3).join('/')

const isStream = (body: unknown) => typeof (Object(body) as ReadableStream).getReader === 'function'

// Milliseconds. An API that refuses new tokens, too, must not use up the refreshes that the session may have.
const VAIN = 60_000

/** @param accessToken of the session @param refresh refreshes it, unless it has another token than the one given */
export function createFetch(
  keeper: Keeper,
  { baseUrl, origins = [] }: SessionOptions,
  fetch: typeof globalThis.fetch,
  accessToken: () => Promise<string | undefined>,
  refresh: (refused: string | undefined) => Promise<unknown>,
): Session['fetch'] {
  /** When an origin refused a new token, by the monotonic clock */
  const vain = new Map<string, number>()

  const getsToken = (origin: string) => {
    const { origin: own } = (globalThis as { location?: { origin?: string } }).location ?? {}
    return origin === own || [baseUrl, ...origins].map(originOf).includes(origin)
  }

  /** Whether a refresh may help after a 401 */
  function mayHelp(origin: string, token: string | undefined): boolean {
    if (!token) return keeper.mayAsk()
    return performance.now() >= (vain.get(origin) ?? -VAIN) + VAIN
  }

  return async (input, init) => {
    const first = new Request(input, init)
    const origin = originOf(first.url)
    if (first.headers.has('Authorization') || !getsToken(origin)) return fetch(first)
    const second = isStream(init?.body) ? undefined : first.clone()
    const { signal } = first
    // A request that was begun in one session must not be sent in the next.
    let session = keeper.session()
    await unlessAborted(signal, keeper.ready)
    session ||= keeper.session()
    let token = await unlessAborted(signal, accessToken())
    session ||= keeper.session()
    const isOver = () => keeper.session() !== session
    if (isOver()) token = undefined

    const response = await fetch(authorized(first, token))
    if (response.status !== 401) vain.delete(origin)
    if (response.status !== 401 || !second || isOver() || !mayHelp(origin, token)) return response
    // If refreshing fails, the caller gets the 401.
    const refreshed = refresh(token).catch((error) => {
      if (isMistake(error)) throw error
    })
    await unlessAborted(signal, refreshed)
    session ||= keeper.session()
    const next = keeper.tokens()?.accessToken
    if (!next || next === token || isOver()) return response
    await response.body?.cancel()
    const repeated = await fetch(authorized(second, next))
    if (repeated.status === 401) vain.set(origin, performance.now())
    return repeated
  }
}
