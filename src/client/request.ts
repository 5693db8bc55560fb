import type { Grant } from './session-options.ts'

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
}

/** An answer of the service itself, not of a proxy or a network's login page. */
export interface Answer {
  readonly status: number
  /** The word of an error, from `Rekindle-Error`; of an older service, its message */
  readonly reason: string
  /** `data` of the envelope, or the whole body if it has no envelope */
  readonly data: object
}

export function isGrant(value: object): value is Grant {
  const { access_token, expires_in } = value as Grant
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
 *   await session.fetch('https://api.example.com/things')
 * } catch (error) {
 *   if (!(error instanceof RefreshError)) throw error
 *   console.warn(`${error.message}: wait at least ${error.wait} ms`)
 * }
 * ```
 */
export class RefreshError extends Error {
  override readonly name = 'RefreshError'
  readonly code = 'ERR_REFRESH'
  /** Milliseconds to wait before the next try, from `Retry-After`; 0 if the service sent none */
  readonly wait: number

  /** @param message the word with which the service refused, or `no_answer` */
  constructor(message: string, wait = 0) {
    super(message)
    this.wait = wait
  }
}

// Milliseconds. All tries begin within this time, because the server takes a repetition after its grace window (30 s by
// default) for a theft.
const MAX_SPAN = 20_000

/**
 * Sends a request until the service answers it.
 *
 * @param make creates the request for each try. Undefined ends the tries.
 * @returns the answer; undefined when `make` ended the tries
 * @throws {@link RefreshError} after the last try
 */
export async function request(
  make: () => Promise<Request | undefined>,
  options: RequestOptions,
): Promise<Answer | undefined> {
  const { signal, tries } = options
  const end = Date.now() + MAX_SPAN
  let { backoff, timeout } = options
  for (let sent = 1; ; sent++) {
    const made = await make()
    if (!made) return undefined
    const result = await attempt(made, options, timeout)
    if (typeof result === 'object') return result
    const delay = Math.max(result, backoff) * (1 + Math.random())
    // After 429 the delay can be a minute, which is too long for a request to hang.
    if (sent >= tries || Date.now() + delay > end) throw new RefreshError('no_answer', result)
    await pause(delay, signal)
    backoff *= 2
    timeout *= 2
  }
}

/** @returns the answer, or the milliseconds to wait before another try */
async function attempt(
  made: Request,
  { fetch, signal }: RequestOptions,
  timeout: number,
): Promise<Answer | number> {
  try {
    const response = await fetch(made, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) })
    const { status, headers } = response
    if (status === 429 || status >= 500) return Number(headers.get('Retry-After')) * 1000 || 0
    const body = (await response.json()) as { code?: unknown; message: string; data?: object }
    // The 404 of a proxy and the 200 of a network's login page must not log users out. An exchange has no envelope.
    const isOurs = body.code === status || (response.ok && isGrant(body))
    const reason = headers.get('Rekindle-Error') ?? body.message
    if (isOurs) return { status, reason, data: body.data ?? body }
  } catch {
    signal.throwIfAborted()
  }
  return 0
}

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  return unlessAborted(signal, over).finally(() => clearTimeout(timer))
}

/** Stops waiting when the signal is aborted. The work goes on for its other callers. @throws the signal's reason */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject)
  })
}
