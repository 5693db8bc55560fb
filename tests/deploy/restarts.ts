/** A steady load of refreshes through a proxy, each sent once, while the two services behind it are restarted. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { Tally } from '../crash/figures.ts'
import { Lineage } from '../crash/lineage.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { client } from '../support/service.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { spawnService } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { ADMIN_TOKEN, STRONG_SECRET, UNLIMITED } from '../support/values.ts'
import type { RunningProxy } from './proxy.ts'

// Refreshes per second, each of a session of its own
const RATE = 50
// Milliseconds without a restart at the beginning and at the end
const CALM = 1000
// Milliseconds for which a process accepts connections and answers nothing before it is killed
const FROZEN = 300

// Milliseconds. A process may die at any time, but not together with the other one: both have been found ready before.
const SETTLED = 3000

/** `stop` is a SIGTERM. `kill` is a SIGKILL after requests were sent to the process that it has not answered. */
export type Way = 'stop' | 'kill'

/** Starts a service as it is in production, except that nothing limits a load from one address. */
export function startBehind(t: Cleanup, port: number, database: object): Promise<ServiceProcess> {
  const env = {
    ...UNLIMITED,
    ...database,
    NODE_ENV: 'production',
    JWT_SECRET_KEY: STRONG_SECRET,
    ADMIN_TOKEN,
    REGISTRATION: 'open',
    TRUST_PROXY: '1',
    PORT: String(port),
  }
  return spawnService(t, env)
}

export interface Sent {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

/** Sends a request once, with its path as it is. */
export function sender(t: Cleanup, { port, ca }: RunningProxy) {
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  return async ({ path, method = 'POST', headers = {}, body }: Sent) => {
    const type = body && { 'Content-Type': 'application/json' }
    const target = { host: '127.0.0.1', servername: 'localhost', port, ca, agent, path, method }
    const sent = request({ ...target, timeout: 30_000, headers: { ...type, ...headers } })
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.end(body && JSON.stringify(body))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, text: await text(response) }
  }
}

export interface Outcome {
  /** Of the refreshes: status codes, or the codes of errors, and during which restart */
  readonly answers: Tally
  /** Milliseconds */
  readonly slowest: number
}

/** @param ways of the restarts, of the first process, the second one, the first one again … */
export async function restartBehind(
  t: Cleanup,
  proxy: RunningProxy,
  database: object,
  ways: readonly Way[],
): Promise<Outcome> {
  const pair = await Promise.all(proxy.behind.map((port) => startBehind(t, port, database)))
  const { register, login } = client(pair[0]?.url ?? '')
  await register()
  const lineages = []
  while (lineages.length < RATE) {
    const { refreshToken, accessToken } = await login()
    lineages.push(new Lineage(refreshToken, accessToken))
  }
  const send = sender(t, proxy)
  // Until the proxy has found one of them.
  await until(async () => (await send({ path: '/readyz', method: 'GET' })).status === 200, 'the proxy')

  const answers = new Tally()
  let slowest = 0
  const progress = { now: 'before' }
  const stop = new AbortController()
  const keepRefreshing = async (lineage: Lineage, begin: number) => {
    for (let due = begin; !stop.signal.aborted; due += 1000) {
      await pause(Math.max(0, due - performance.now()))
      const sent = performance.now()
      const headers = { Authorization: `Bearer ${lineage.refreshToken()}` }
      const answer = await send({ path: '/refresh_token', headers }).catch((error) => error)
      slowest = Math.max(slowest, performance.now() - sent)
      if (answer.status !== 200) {
        answers.add(`${answer.status ?? answer.code ?? answer} (${progress.now})`)
        continue
      }
      answers.add('200')
      const { data } = JSON.parse(answer.text)
      lineage.take(data.refresh_token, data.access_token)
    }
  }
  const begun = performance.now()
  const load = Promise.all(
    lineages.map((lineage, index) => keepRefreshing(lineage, begun + (1000 * index) / RATE)),
  )
  const restarts = restart(t, proxy, pair, database, ways, progress).finally(() => stop.abort())
  await Promise.all([load, restarts])
  return { answers, slowest: Math.round(slowest) }
}

async function restart(
  t: Cleanup,
  { behind }: RunningProxy,
  pair: ServiceProcess[],
  database: object,
  ways: readonly Way[],
  progress: { now: string },
): Promise<void> {
  await pause(CALM)
  for (const [done, way] of ways.entries()) {
    const index = done % behind.length
    if (way === 'kill') await pause(SETTLED)
    progress.now = `${way} ${done + 1}`
    await end(pair[index], way)
    const service = await startBehind(t, behind[index] ?? 0, database)
    // As `rekindle health --wait` does for a supervisor
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 200, 'ready')
    pair[index] = service
  }
  await pause(CALM)
}

async function end(service: ServiceProcess | undefined, way: Way): Promise<void> {
  if (way === 'kill') {
    process.kill(service?.pid ?? 0, 'SIGSTOP')
    await pause(FROZEN)
    await service?.stop('SIGKILL')
    return
  }
  const code = await service?.stop('SIGTERM')
  if (code !== 0) throw new Error(`exit code ${code} after SIGTERM`)
}
