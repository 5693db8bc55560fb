import type { Grant } from './session-options.ts'
import { pause, within } from './wait.ts'

/** Options of a request that is repeated until it is answered. The server makes repeating a refresh safe. */
export interface RequestOptions {
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
  /** Milliseconds for the first try, doubled for each further one */
  readonly timeout: number
  /** The maximum number of tries */
  readonly tries: number
  /** Milliseconds before the second try, doubled for each further one, plus a random part */
  readonly backoff: number
  /** Whether the page has read any answer: if so, CORS lets it */
  isReached?: boolean
}

/** An answer of the service itself, not of a proxy or a network's login page. */
export interface Answer {
  readonly status: number
  /** The word of an error, from `Rekindle-Error`; of an older service, its message */
  readonly reason: string
  readonly message: string
  /** `data` of the envelope, or the whole body if it has no envelope */
  readonly data: object
}

interface Envelope {
  readonly status: unknown
  readonly code: unknown
  readonly message: string
  readonly data?: object
}

export function isGrant(value: unknown): value is Grant {
  const { access_token, expires_in } = Object(value) as Grant
  return typeof access_token === 'string' && Number.isFinite(expires_in)
}

/**
 * Thrown when a refresh or a logout failed for now: the service did not answer, or refused for a reason that does not
 * end the session. A later call may succeed.
 *
 * @example
 * ```ts
 * import { createSession, RefreshError } from 'rekindle/client'
 *
 * const session = createSession({ baseUrl: 'https://auth.example.com' })
 * try {
 *   await session.fetch('https://auth.example.com/api/auth/me')
 * } catch (error) {
 *   if (!(error instanceof RefreshError)) throw error
 *   console.warn(`${error.message}: wait at least ${error.wait} ms`, error.cause)
 * }
 * ```
 */
export class RefreshError extends Error {
  override readonly name = 'RefreshError'
  readonly code = 'ERR_REFRESH'
  /** Milliseconds to wait before the next try, from `Retry-After`; 0 if the service sent none */
  readonly wait: number

  /**
   * @param message the word with which the service refused; `no_answer`; or `unreachable`, if a page of another origin has
   *   never got an answer: perhaps `CORS_ORIGINS` of the service does not name the page
   * @param cause what the last try got: an error of `fetch`, or a `Response` that is not the service's or is no success
   */
  constructor(message: string, wait = 0, cause?: unknown) {
    super(message, { cause })
    this.wait = wait
  }
}

// Milliseconds. All tries begin within this time, because the server takes a repetition after its grace window (30 s by
// default) for a theft.
const MAX_SPAN = 20_000

/**
 * Sends a request until the service answers it.
 *
 * @param make creates the request for each try. Undefined ends the tries. Its own signal ends the try only.
 * @param signal ends all tries
 * @returns the answer; undefined when `make` ended the tries
 * @throws {@link RefreshError} after the last try
 */
export async function request(
  make: () => Promise<Request | undefined>,
  options: RequestOptions,
  signal = options.signal,
): Promise<Answer | undefined> {
  const { tries } = options
  const end = Date.now() + MAX_SPAN
  let { backoff, timeout } = options
  for (let sent = 1; ; sent++) {
    const made = await make()
    if (!made) return undefined
    const result = await attempt(made, options, timeout, signal)
    if (!(result instanceof RefreshError)) return result
    const delay = Math.max(result.wait, backoff) * (1 + Math.random())
    // After 429 the delay can be a minute, which is too long for a request to hang.
    if (sent >= tries || Date.now() + delay > end || result.message === 'unreachable') throw result
    await pause(delay, signal)
    backoff *= 2
    timeout *= 2
  }
}

/** @returns the answer, or why there is none */
async function attempt(
  made: Request,
  options: RequestOptions,
  timeout: number,
  signal: AbortSignal,
): Promise<Answer | RefreshError> {
  const { fetch } = options
  try {
    return await within([signal, made.signal], (signal) => fetch(made, { signal }).then(answerIn), timeout)
  } catch (error) {
    if (signal.aborted || isMistake(error)) throw error
    // Browsers report a request that CORS forbids like a lost network. The first tells soon, or it would look like waiting.
    const mayBeForbidden = pageOrigin() && !made.url.startsWith(`${pageOrigin()}/`) && isOnline()
    return new RefreshError(mayBeForbidden && !options.isReached ? 'unreachable' : 'no_answer', 0, error)
  }

  async function answerIn(response: Response): Promise<Answer | RefreshError> {
    options.isReached = true
    const { status, headers, ok } = response
    const word = headers.get('Rekindle-Error')
    const wait = Math.max(0, Number(headers.get('Retry-After')) * 1000) || 0
    const refused = new RefreshError(word ?? 'no_answer', wait, response)
    if (status === 429 || status >= 500) return refused
    const body: Envelope = Object(await response.json())
    const { message, data = body } = body
    // The 404 of a proxy and the 200 of a network's login page must not log users out. An exchange has no envelope.
    const isOurs = body.code === status && body.status === (ok ? 'success' : 'error')
    return isOurs || (ok && isGrant(body)) ? { status, reason: word ?? message, message, data } : refused
  }
}

/** The origin of the page, where there is one */
export const pageOrigin = (): string | undefined =>
  (globalThis as { location?: { origin?: string } }).location?.origin

const isOnline = () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine

/** Whether an error comes from a mistake in the program. Networks fail with a `TypeError`, too. */
export const isMistake = (error: unknown): boolean =>
  error instanceof ReferenceError ||
  (error instanceof TypeError &&
    / is (not|undefined|null)|Cannot (read|set)|can't access|Failed to (execute|construct|parse)|Invalid|Illegal/.test(
      error.message,
    ))
