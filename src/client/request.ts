/** One request that is repeated until it is answered: the server makes a repeated refresh safe. */
export interface RequestOptions {
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
  /** Milliseconds for one try */
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

/**
 * @param make is called for each try; it ends them all when it makes none, and that gives undefined
 * @throws RefreshError
 */
export async function request(
  make: () => Promise<Request | undefined>,
  options: RequestOptions,
): Promise<Answer | undefined> {
  const { signal, backoff, tries } = options
  for (let sent = 1; ; sent++) {
    const made = await make()
    if (!made) return undefined
    const { answer, wait = 0 } = await attempt(made, options)
    if (answer) return answer
    // After 429 it can be a minute: nobody's request should hang for so long.
    if (sent >= tries || wait > options.timeout) throw new RefreshError('no answer', wait)
    await pause(Math.max(wait, backoff * 2 ** (sent - 1)) * (1 + Math.random()), signal)
  }
}

async function attempt(
  made: Request,
  { fetch, signal, timeout }: RequestOptions,
): Promise<{ answer?: Answer; wait?: number }> {
  try {
    const response = await fetch(made, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) })
    const { status } = response
    if (status === 429 || status >= 500)
      return { wait: Number(response.headers.get('Retry-After')) * 1000 || 0 }
    const body = (await response.json()) as { code?: unknown; message: string; data?: object }
    // A proxy's 404 must not log anybody out.
    if (!response.ok && body.code !== status) return {}
    return { answer: { status, message: body.message, data: body.data ?? body } }
  } catch {
    signal.throwIfAborted()
    return {}
  }
}

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        reject(signal.reason)
      },
      { once: true },
    )
  })
}
