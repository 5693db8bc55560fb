/** Follows the feed of revocations of a service. */
import type { components } from '../../generated/types.ts'
import type { EndedTokens, TokenIdentity } from './ended-tokens.ts'
import { createEndedTokens } from './ended-tokens.ts'

type Answer = components['schemas']['RevocationsResult']

export interface FeedOptions {
  /** The address of `GET /revocations` */
  readonly url: string
  /** `REVOCATIONS_TOKEN` of the service */
  readonly token: string
  /** The milliseconds for which the knowledge of what has ended is good enough */
  readonly maxStale: number
  /** Seconds by which tokens are accepted beyond their expiry */
  readonly clockTolerance: number
  /** Called with each error of the feed. The follower tries again by itself. */
  readonly onError: (error: unknown) => void
  readonly fetch: typeof fetch
}

export interface FeedFollower {
  /** Milliseconds since the request whose answer was the last to arrive. Infinity before the first. */
  age(): number
  has(token: TokenIdentity): boolean
  /** Asks once, without waiting for news. It resolves when an answer or an error is there. */
  refresh(): Promise<void>
  /** Asks again and again, until it is closed. */
  start(): void
  close(): void
  readonly size: number
  readonly failures: number
}

/** Two clocks: one does not run while the machine sleeps, and the other may be set. */
const readClocks = () => [Date.now(), performance.now()] as const

type Clocks = ReturnType<typeof readClocks>

function elapsedSince([date, monotonic]: Clocks): number {
  const [dateNow, monotonicNow] = readClocks()
  return Math.max(dateNow - date, monotonicNow - monotonic)
}

// Milliseconds
const TIMEOUT = 5000
const SHORT_TIMEOUT = 2000
const FORGET_EVERY = 60_000
const MIN_PAUSE = 100
const MAX_PAUSE = 5000

// Seconds. The service allows 25.
const MAX_WAIT = 20

export function createFollower(options: FeedOptions): FeedFollower {
  const { maxStale, clockTolerance, onError } = options
  const closed = new AbortController()
  let ended = createEndedTokens()
  // A snapshot of several pages replaces the other when it is complete.
  let unfinished: EndedTokens | undefined
  let cursor: string | undefined
  let freshSince: Clocks | undefined
  // Tokens that expire at this time or earlier have expired, even if the clock was set back.
  let expiredUntil = 0
  let forgotAt: Clocks | undefined
  let failures = 0
  let asking:
    | { readonly done: Promise<boolean>; readonly stop: () => void; readonly wait: number }
    | undefined
  let failedAt: Clocks | undefined

  function apply({ data }: Answer, sent: Clocks): void {
    if (data.snapshot) unfinished = createEndedTokens()
    const target = unfinished ?? ended
    target.add(data.revocations)
    cursor = data.cursor
    if (data.more) return
    ended = target
    unfinished = undefined
    freshSince = sent
    // All entries are looked at, so not at each answer.
    if (forgotAt !== undefined && elapsedSince(forgotAt) < FORGET_EVERY) return
    forgotAt = sent
    expiredUntil = Math.max(expiredUntil, ended.forget(Math.floor(Date.now() / 1000) - clockTolerance))
  }

  async function askOnce(wait: number, signal: AbortSignal): Promise<Answer> {
    const url = new URL(options.url)
    if (cursor !== undefined) url.searchParams.set('cursor', cursor)
    // A snapshot that is not complete is not waited for.
    if (wait > 0 && unfinished === undefined) url.searchParams.set('wait', String(wait))
    const response = await options.fetch(url, {
      headers: { Authorization: `Bearer ${options.token}`, Accept: 'application/json' },
      signal: AbortSignal.any([
        signal,
        closed.signal,
        AbortSignal.timeout(wait > 0 ? wait * 1000 + TIMEOUT : SHORT_TIMEOUT),
      ]),
      // Workers have no `error`.
      redirect: 'manual',
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the feed of revocations answered ${response.status}`)
    }
    return readAnswer(await response.json())
  }

  /** @returns whether it succeeded */
  async function askAll(wait: number, signal: AbortSignal): Promise<boolean> {
    try {
      for (;;) {
        const sent = readClocks()
        const answer = await askOnce(wait, signal)
        apply(answer, sent)
        failures = 0
        if (!answer.data.more) return true
      }
    } catch (error) {
      if (signal.aborted || closed.signal.aborted) return false
      failures++
      failedAt = readClocks()
      onError(error)
      return false
    }
  }

  /** One request at a time. A request that waits for news is given up for one that does not. */
  function ask(wait: number): Promise<boolean> {
    if (asking !== undefined && (wait > 0 || asking.wait === 0)) return asking.done
    asking?.stop()
    const stop = new AbortController()
    const done = askAll(wait, stop.signal).finally(() => {
      if (asking?.done === done) asking = undefined
    })
    asking = { done, stop: () => stop.abort(), wait }
    return done
  }

  async function follow(): Promise<void> {
    const wait = Math.min(MAX_WAIT, Math.floor(maxStale / 3000))
    while (!closed.signal.aborted) {
      const begun = readClocks()
      const before = cursor
      const isAnswered = await ask(wait)
      // An answer without news that comes early is one of a service that stops.
      if (isAnswered && (cursor !== before || elapsedSince(begun) > MIN_PAUSE)) {
        // Until then, fetch opens another connection, because this one has not ended its answer.
        await new Promise((resolve) => setTimeout(resolve, 0))
        continue
      }
      await pause(Math.min(MIN_PAUSE * 2 ** failures, MAX_PAUSE, maxStale / 4) * (0.5 + Math.random()))
    }
  }

  /** It does not keep a process alive. */
  const pause = (time: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer as number)
        closed.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer: unknown = setTimeout(end, time)
      if (isUnrefable(timer)) timer.unref()
      closed.signal.addEventListener('abort', end)
    })

  return {
    age: () => (freshSince === undefined ? Number.POSITIVE_INFINITY : elapsedSince(freshSince)),
    has: (token) => token.exp <= expiredUntil || ended.has(token),
    async refresh() {
      // Not for each token while the service cannot be reached
      if (failedAt === undefined || elapsedSince(failedAt) > 1000) await ask(0)
    },
    start: () => void follow(),
    close: () => closed.abort(),
    get size() {
      return ended.size
    },
    get failures() {
      return failures
    },
  }
}

/** Timers of Node. Those of browsers and workers are numbers. */
const isUnrefable = (timer: unknown): timer is { unref(): void } =>
  typeof timer === 'object' && timer !== null && 'unref' in timer

/** @throws if something else answers than the service, such as a proxy with a page of its own */
function readAnswer(body: unknown): Answer {
  const { data } = body as Partial<Answer>
  if (!Array.isArray(data?.revocations) || typeof data.cursor !== 'string')
    throw new TypeError('the feed of revocations has another form than that of the service')
  return body as Answer
}
