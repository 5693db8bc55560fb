import { once } from 'node:events'
import { readServiceSettings } from '../config/settings.ts'
import { startDelivery } from '../events/deliver.ts'
import { createApp } from '../http/app.ts'
import { assureWriting } from '../http/assure-writing.ts'
import type { Core } from '../http/core.ts'
import { createCore } from '../http/core.ts'
import { metricsApp } from '../http/metrics-app.ts'
import type { Listener } from '../http/server/listen.ts'
import { listen } from '../http/server/listen.ts'
import { startKeyRotation } from '../keys/start-rotation.ts'
import { startPruning } from '../sessions/prune.ts'
import { findUser } from '../store/queries/users.ts'
import { announce } from './announce.ts'
import { Failure, messageOf } from './failure.ts'
import { createLog } from './log.ts'
import { ignoreSignals, serviceStop, WITHOUT_DRAIN } from './serve-signals.ts'
import { lowerThreads } from './threads.ts'

// Milliseconds
const PRUNE_INTERVAL = 60_000
/** For running requests, before their connections are closed */
const STOP_TIMEOUT = 7000

/** Runs the service: settings → database → app → listen → drain. Resolves when the service has stopped. */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  const { settings, secrets, warnings } = readServiceSettings(env)
  let core: Core | undefined
  const log = await createLog(settings, async (id) => core && (await findUser(core.db, id))?.username)
  for (const warning of warnings) log.warn(warning)
  ignoreSignals(log)
  core = await createCore({ settings, secrets, log })
  await lowerThreads()
  // Signals are handled before the announcement, because a supervisor may send one as soon as it reads that line.
  const stop = serviceStop(env)
  try {
    const { listener, metrics } = await listenBoth(core)
    const stopPruning = startPruning(core, PRUNE_INTERVAL, core.log)
    const stopKeyRotation = startKeyRotation(core)
    const stopDelivery = startDelivery(core)
    await assureWriting(core).catch((err: unknown) => {
      log.error({ err }, 'the database cannot be written to: /readyz fails until it can')
    })
    await announce(core, secrets, listener)
    if (metrics !== undefined) log.info({ url: `${metrics.url}/metrics` }, 'metrics')
    if (!stop.aborted) await once(stop, 'abort')
    const signal: unknown = stop.reason
    log.info({ signal }, 'draining')
    core.shutdown.draining = true
    core.feed?.close()
    // Load balancers notice that /readyz fails, before connections are refused.
    if (!WITHOUT_DRAIN.has(signal)) await new Promise((done) => setTimeout(done, settings.drain))
    await Promise.all([listener.close(STOP_TIMEOUT), stopDelivery()])
    await metrics?.close(0)
    await Promise.all([stopPruning(), stopKeyRotation()])
  } finally {
    await core.store.close()
  }
  log.info('stopped')
}

async function listenBoth(core: Core): Promise<{ listener: Listener; metrics: Listener | undefined }> {
  const { settings } = core
  const metrics = settings.metrics && (await naming('METRICS_', listen(metricsApp(core), settings.metrics)))
  try {
    return { listener: await naming('', listen(createApp(core), settings, core)), metrics }
  } catch (error) {
    // An open server would keep the process alive.
    await metrics?.close(0)
    throw error
  }
}

/** Names the setting by which an address that cannot be listened on can be changed. */
async function naming(prefix: '' | 'METRICS_', listening: Promise<Listener>): Promise<Listener> {
  try {
    return await listening
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const name = /^(EADDRINUSE|EACCES)$/.test(code) ? 'PORT' : 'HOST'
    const advice = code === 'EADDRINUSE' ? ': stop the other program, or set another port' : ''
    throw new Failure(`${prefix}${name}: ${messageOf(error)}${advice}`, { cause: error })
  }
}
