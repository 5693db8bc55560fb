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
  /** Whether it asks only while a token is verified */
  readonly isOnDemand: boolean
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
  let isClosed = false
  let ended = createEndedTokens()
  let cursor: string | undefined
  let freshSince: Clocks | undefined
  // Tokens that expire at this time or earlier have expired, even if the clock was set back.
  let expiredUntil = 0
  let forgotAt: Clocks | undefined
  let failures = 0
  let failedAt: Clocks | undefined
  let asking:
    | { readonly done: Promise<boolean>; readonly stop: () => void; readonly wait: number }
    | undefined
  let askedAt: Clocks | undefined
  let endPause = () => {}

  async function askOnce(after: string | undefined, wait: number, signal: AbortSignal): Promise<Answer> {
    const url = new URL(options.url)
    if (after !== undefined) url.searchParams.set('cursor', after)
    if (wait > 0) url.searchParams.set('wait', String(wait))
    const timeout = AbortSignal.timeout(wait > 0 ? wait * 1000 + TIMEOUT : SHORT_TIMEOUT)
    const response = await options.fetch(url, {
      headers: { Authorization: `Bearer ${options.token}`, Accept: 'application/json' },
      signal: AbortSignal.any([signal, timeout]),
      // Workers have no `error`.
      redirect: 'manual',
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the feed of revocations answered ${response.status}`)
    }
    return readAnswer(await response.json())
  }

  /** Asks until there is no further page. A snapshot replaces what is known when it is complete. */
  async function learn(wait: number, signal: AbortSignal): Promise<void> {
    let after = cursor
    let snapshot: EndedTokens | undefined
    for (let isFirst = true; ; isFirst = false) {
      const sent = readClocks()
      const { data } = await askOnce(after, isFirst ? wait : 0, signal)
      if (data.snapshot) snapshot = createEndedTokens()
      const target = snapshot ?? ended
      target.add(data.revocations)
      after = data.cursor
      if (data.more) continue
      // On demand, answers may overtake each other.
      if (freshSince === undefined || sent[1] >= freshSince[1]) {
        ended = target
        cursor = after
        freshSince = sent
      }
      return forget()
    }
  }

  /** All entries are looked at, so not at each answer. */
  function forget(): void {
    if (forgotAt !== undefined && elapsedSince(forgotAt) < FORGET_EVERY) return
    forgotAt = readClocks()
    expiredUntil = Math.max(expiredUntil, ended.forget(Math.floor(Date.now() / 1000) - clockTolerance))
  }

  /** @returns whether it succeeded */
  async function tryToLearn(wait: number, signal: AbortSignal): Promise<boolean> {
    try {
      await learn(wait, signal)
      failures = 0
      return true
    } catch (error) {
      if (signal.aborted) return false
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
    const done = tryToLearn(wait, stop.signal).finally(() => {
      if (asking?.done === done) asking = undefined
    })
    asking = { done, stop: () => stop.abort(), wait }
    return done
  }

  /**
   * In a worker, one request must not wait for what another began, which may be given up. While the knowledge is good enough,
   * one in a second asks.
   */
  async function askAlone(): Promise<void> {
    if (askedAt !== undefined && elapsedSince(askedAt) < 1000 && age() <= maxStale) return
    askedAt = readClocks()
    await tryToLearn(0, new AbortController().signal)
  }

  async function follow(): Promise<void> {
    const wait = Math.min(MAX_WAIT, Math.floor(maxStale / 3000))
    while (!isClosed) {
      const begun = readClocks()
      const before = cursor
      const isAnswered = await ask(wait)
      // An answer without news that comes early is one of a service that stops.
      const isEarly = cursor === before && elapsedSince(begun) <= MIN_PAUSE
      const time = Math.min(MIN_PAUSE * 2 ** failures, MAX_PAUSE, maxStale / 4) * (0.5 + Math.random())
      // Not at once: fetch would open another connection, because this one has not ended its answer.
      await pause(isAnswered && !isEarly ? 0 : time)
    }
  }

  /** It does not keep a process alive, except for a moment. */
  const pause = (time: number) =>
    new Promise<void>((resolve) => {
      const timer: unknown = setTimeout(resolve, time)
      if (time > 0 && isUnrefable(timer)) timer.unref()
      endPause = resolve
    })

  const age = () => (freshSince === undefined ? Number.POSITIVE_INFINITY : elapsedSince(freshSince))

  return {
    age,
    has: (token) => token.exp <= expiredUntil || ended.has(token),
    async refresh() {
      // Not for each token while the service cannot be reached
      if (failedAt !== undefined && elapsedSince(failedAt) <= 1000) return
      await (options.isOnDemand ? askAlone() : ask(0))
    },
    start: () => void follow(),
    close() {
      isClosed = true
      asking?.stop()
      endPause()
    },
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
