import type { Grant } from './session-options.ts'

/** One request that is repeated until it is answered: the server makes a repeated refresh safe. */
export interface RequestOptions {
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
  /** Milliseconds for the first try, and twice as many for each further one */
  readonly timeout: number
  /** How often it is sent at the most */
  readonly tries: number
  /** Milliseconds before the second try, doubled for each further one, and spread by chance */
  readonly backoff: number
}

/** An answer of the service itself, and not of something in between. */
export interface Answer {
  readonly status: number
  readonly message: string
  /** The envelope's, or all of a body that has none */
  readonly data: object
}

/** Tokens, as a login or a refresh gives them. */
export function isGrant(value: object): value is Grant {
  const { access_token, expires_in } = value as Grant
  return typeof access_token === 'string' && Number.isFinite(expires_in)
}

/** The service answered with a status that neither repeats nor ends anything, or did not answer at all. */
export class RefreshError extends Error {
  override readonly name = 'RefreshError'
  readonly code = 'ERR_REFRESH'
  /** Milliseconds until a next try makes sense, when the service said so, or 0 */
  readonly wait: number

  constructor(message: string, wait = 0) {
    super(message)
    this.wait = wait
  }
}

// Milliseconds in which all tries begin: one that comes later than the grace of the server (30 s by default) after another
// that was carried out looks like a theft.
const PATIENCE = 20_000

/**
 * @param make is called for each try; it ends them all when it makes none, and that gives undefined
 * @throws RefreshError
 */
export async function request(
  make: () => Promise<Request | undefined>,
  options: RequestOptions,
): Promise<Answer | undefined> {
  const { signal, tries } = options
  const end = Date.now() + PATIENCE
  let { backoff, timeout } = options
  for (let sent = 1; ; sent++) {
    const made = await make()
    if (!made) return undefined
    const result = await attempt(made, options, timeout)
    if (typeof result === 'object') return result
    const rest = Math.max(result, backoff) * (1 + Math.random())
    // After 429 it can be a minute: nobody's request should hang for so long.
    if (sent >= tries || Date.now() + rest > end) throw new RefreshError('no answer', result)
    await pause(rest, signal)
    backoff *= 2
    timeout *= 2
  }
}

/** @returns the answer, or the milliseconds that are to be waited for another try */
async function attempt(
  made: Request,
  { fetch, signal }: RequestOptions,
  timeout: number,
): Promise<Answer | number> {
  try {
    const response = await fetch(made, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) })
    const { status } = response
    if (status === 429 || status >= 500) return Number(response.headers.get('Retry-After')) * 1000 || 0
    const body = (await response.json()) as { code?: unknown; message: string; data?: object }
    // A proxy's 404 must not log anybody out, nor the 200 of a network's login page. An exchange has no envelope.
    const isOurs = body.code === status || (response.ok && isGrant(body))
    if (isOurs) return { ...body, data: body.data ?? body, status }
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

/** The work goes on: others may wait for it. @throws the signal's reason, as soon as it is aborted */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject)
  })
}
