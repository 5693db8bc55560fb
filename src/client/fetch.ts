import { claimsOf } from './identity.ts'
import type { Keeper } from './keeper.ts'
import { isMistake, pageOrigin } from './request.ts'
import type { Session, SessionOptions } from './session-options.ts'
import { within } from './wait.ts'

/** A token that is bound to a key says so by its claim `cnf` (RFC 9449 §6.1). */
export const isBound = (token: string | undefined): boolean => !!claimsOf(token).cnf

export function authorized(request: Request, token: string | undefined): Request {
  if (token) request.headers.set('Authorization', `${isBound(token) ? 'DPoP' : 'Bearer'} ${token}`)
  return request
}

const isProven = ({ url, headers }: Request, baseUrl: string) =>
  /^DPoP /.test(headers.get('Authorization') ?? '') ||
  (url.startsWith(baseUrl) && /\/(refresh_token|auth\/(refresh|login))$/.test(url))

/** Adds a proof of this browser's key to the requests that need one. */
export function proving(
  { baseUrl, dpop, storage }: SessionOptions,
  name: string,
  fetch: typeof globalThis.fetch,
): typeof globalThis.fetch {
  if (!dpop) return fetch
  let prover: Promise<(request: Request, init?: RequestInit) => Promise<Response>> | undefined
  return async (input, init) => {
    const request = input as Request
    if (!isProven(request, baseUrl)) return fetch(request, init)
    prover ??= import('./dpop.ts').then(({ createProver }) => createProver(name, !!storage, fetch))
    const send = await prover.catch((error) => {
      // The next request loads it again.
      prover = undefined
      throw error
    })
    return send(request, init)
  }
}

const originOf = (url: string) => new Request(url).url.split('/', 3).join('/')

const isStream = (body: unknown) => typeof (Object(body) as ReadableStream).getReader === 'function'

// Milliseconds. An API that refuses new tokens, too, must not use up the refreshes that the session may have.
const VAIN = 60_000

/** @param accessToken of the session @param refresh refreshes it, unless it has another token than the one given */
export function createFetch(
  keeper: Keeper,
  { baseUrl, mode, origins = [] }: SessionOptions,
  fetch: typeof globalThis.fetch,
  accessToken: () => Promise<string | undefined>,
  refresh: (refused: string | undefined) => Promise<string | undefined>,
): Session['fetch'] {
  /** When an origin refused a new token, by the monotonic clock */
  const vain = new Map<string, number>()
  const isCookie = mode === 'cookie'

  /** Whether a refresh may help after a 401 */
  const mayHelp = (origin: string, token: string | undefined) =>
    token
      ? performance.now() >= (vain.get(origin) ?? -VAIN) + VAIN
      : isCookie && !keeper.hasAsked && !keeper.tokens

  return async (input, init) => {
    const first = new Request(input, init)
    const { signal, headers, url } = first
    const origin = originOf(url)
    const isHome = origin === pageOrigin() || [baseUrl, ...origins].some((home) => originOf(home) === origin)
    if (headers.has('Authorization') || !isHome) return fetch(first)
    const second = isStream(init?.body) ? undefined : first.clone()
    // A request that was begun in one session must not be sent in the next.
    const begun = keeper.session()
    await within([signal], () => keeper.ready)
    const found = begun || keeper.session()
    let token = await within([signal], accessToken)
    // In cookie mode, nobody knows before the refresh whose session it is.
    const session = found || keeper.session()
    const isOver = () => session && keeper.session() !== session
    if (isOver()) token = undefined

    const response = await fetch(authorized(first, token))
    if (response.status !== 401) vain.delete(origin)
    else if (second && !isOver() && mayHelp(origin, token)) {
      // If refreshing fails, the caller gets the 401.
      const next = await within([signal], () => refresh(token)).catch((error) => {
        if (signal?.aborted || isMistake(error)) throw error
      })
      if (next && next !== token && !isOver()) {
        await response.body?.cancel()
        const repeated = await fetch(authorized(second, next))
        if (repeated.status === 401) vain.set(origin, performance.now())
        return repeated
      }
    }
    return response
  }
}
