/**
 * Two processes on one database are restarted by SIGTERM, one after the other, under a steady load of refreshes. The
 * clients send each refresh as ours does, and a second attempt goes to the other process. No refresh may fail.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { request } from '../../src/client/request.ts'
import type { StoreOptions } from '../../src/store/open.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Cleanup } from '../support/cleanup.ts'
import type { Dialect } from '../support/database.ts'
import { freshDatabase } from '../support/database.ts'
import { client } from '../support/service.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { Tally } from './figures.ts'
import { insist, Lineage } from './lineage.ts'
import type { RollingFigures } from './rolling-figures.ts'
import { startTarget, untilReady } from './target.ts'

export interface RollingOptions {
  readonly restarts: number
  /** Refreshes per second */
  readonly rate: number
  readonly dialect: Dialect
  progress?(restarts: number, figures: RollingFigures): void
}

/** Each device refreshes about twice a second: a failed attempt delays it by half a second. */
const sessionsFor = (rate: number) => Math.ceil(rate / 2)

/** @throws when a refresh fails permanently, or when the tokens of a session do not form a line */
export async function runRolling(cleanup: Cleanup, options: RollingOptions): Promise<RollingFigures> {
  const database = await freshDatabase(cleanup, options.dialect)
  const pair = [await startNode(cleanup, database), await startNode(cleanup, database)]
  const url = (index: number) => pair[index % pair.length]?.url ?? ''
  const { register, login } = client(url(0))
  await register()
  const lineages: Lineage[] = []
  while (lineages.length < sessionsFor(options.rate)) {
    const { refreshToken, accessToken } = await login()
    lineages.push(new Lineage(refreshToken, accessToken))
  }

  const figures: RollingFigures = { refreshes: 0, seconds: 0, retried: 0, tries: new Tally(), slowest: 0 }
  const stop = new AbortController()
  const interval = (1000 * lineages.length) / options.rate
  const run: Run = { url, interval, figures, signal: stop.signal }
  const begun = performance.now()
  const load = Promise.all(
    lineages.map((lineage, index) =>
      keepRefreshing(lineage, index, begun + (index / lineages.length) * interval, run),
    ),
  )
  // Otherwise a failure would be noticed only after the last restart.
  const failed = load.then(() => {})
  for (let done = 0; done < options.restarts; done++) {
    const index = done % pair.length
    await Promise.race([restart(cleanup, database, pair, index), failed])
    options.progress?.(done + 1, figures)
  }
  stop.abort()
  await load
  figures.seconds = Math.round((performance.now() - begun) / 1000)
  return figures
}

async function restart(
  cleanup: Cleanup,
  database: StoreOptions,
  pair: ServiceProcess[],
  index: number,
): Promise<void> {
  const code = await pair[index]?.stop('SIGTERM')
  if (code !== 0) throw new Error(`exit code ${code} after SIGTERM`)
  // Until this is done its old address refuses connections. The clients are not told of the restart.
  pair[index] = await startNode(cleanup, database)
}

async function startNode(cleanup: Cleanup, database: StoreOptions): Promise<ServiceProcess> {
  const service = await startTarget(cleanup, database)
  await untilReady(service.url, performance.now())
  return service
}

interface Run {
  url(index: number): string
  /** Milliseconds between two refreshes of one session */
  readonly interval: number
  readonly figures: RollingFigures
  readonly signal: AbortSignal
}

async function keepRefreshing(lineage: Lineage, index: number, begin: number, run: Run): Promise<void> {
  // A client stays with a process until that process does not answer.
  let at = index
  let due = begin
  while (!run.signal.aborted) {
    await pause(Math.max(0, due - performance.now()))
    // Late refreshes are made up for, so that the rate is kept.
    due += run.interval
    const sent = await refreshOnce(lineage, (tries) => run.url(at + tries), run.figures)
    at += sent - 1
  }
}

// The defaults of the client
const SENDING = { signal: new AbortController().signal, timeout: 10_000, tries: 5, backoff: 300 }

async function refreshOnce(
  lineage: Lineage,
  url: (sent: number) => string,
  figures: RollingFigures,
): Promise<number> {
  const begun = performance.now()
  let sent = 0
  const make = async () => {
    const headers = { Authorization: `Bearer ${lineage.refreshToken()}` }
    return new Request(`${url(sent++)}/refresh_token`, { method: 'POST', headers })
  }
  const answer = await request(make, { ...SENDING, fetch: noted(lineage, figures.tries) }).catch(
    (error) => error,
  )
  insist(answer?.status === 200, lineage, `${answer?.status ?? 'no answer:'} ${answer?.message}`)
  const { refresh_token, access_token } = answer.data
  lineage.take(refresh_token, access_token)
  figures.refreshes++
  if (sent > 1) figures.retried++
  figures.slowest = Math.max(figures.slowest, performance.now() - begun)
  return sent
}

/** A `fetch` that records the outcome of each attempt. */
function noted(lineage: Lineage, tries: Tally): typeof fetch {
  return async (input, init) => {
    const begun = performance.now()
    const note = (what: string) => {
      tries.add(what)
      const { host } = new URL((input as Request).url)
      lineage.note(`${host}: ${what} after ${Math.round(performance.now() - begun)} ms`)
    }
    try {
      const response = await checkedFetch(input, init)
      note(String(response.status))
      return response
    } catch (error) {
      const { cause, name } = error as { cause?: { code?: string }; name: string }
      note(cause?.code ?? name)
      throw error
    }
  }
}
