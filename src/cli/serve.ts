import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Secrets, Settings } from '../config/settings.ts'
import { readServiceSettings } from '../config/settings.ts'
import { startDelivery } from '../events/deliver.ts'
import { createApp } from '../http/app.ts'
import { assureWriting } from '../http/assure-writing.ts'
import type { Core } from '../http/core.ts'
import { createCore } from '../http/core.ts'
import { metricsApp } from '../http/metrics-app.ts'
import type { Listener } from '../http/server/listen.ts'
import { listen } from '../http/server/listen.ts'
import { startPruning } from '../sessions/prune.ts'
import { createLog } from './log.ts'
import { ignoreSignals, serviceStop, WITHOUT_DRAIN } from './serve-signals.ts'
import { lowerThreads } from './threads.ts'

// Milliseconds
const PRUNE_INTERVAL = 60_000
/** For running requests, before their connections are closed */
const STOP_TIMEOUT = 7000

/** Runs the service: settings → database → app → listen → drain. Resolves when the service has stopped. */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  const { settings, secrets } = readServiceSettings(env)
  const log = await createLog(settings)
  for (const warning of secrets.warnings) log.warn(warning)
  ignoreSignals(log)
  const core = await createCore({ settings, secrets, log })
  await lowerThreads()
  // Signals are handled before the announcement, because a supervisor may send one as soon as it reads that line.
  const stop = serviceStop(env)
  try {
    const { listener, metrics } = await listenBoth(core)
    const stopPruning = startPruning(core, PRUNE_INTERVAL, core.log)
    const stopDelivery = startDelivery(core)
    await assureWriting(core).catch((err: unknown) => {
      log.error({ err }, 'the database cannot be written to: /readyz fails until it can')
    })
    announce(settings, secrets, listener, log)
    if (metrics !== undefined) log.info({ url: `${metrics.url}/metrics` }, 'metrics')
    if (!stop.aborted) await once(stop, 'abort')
    const signal: unknown = stop.reason
    log.info({ signal }, 'draining')
    core.shutdown.draining = true
    // Load balancers notice that /readyz fails, before connections are refused.
    if (!WITHOUT_DRAIN.has(signal)) await new Promise((done) => setTimeout(done, settings.drain))
    await Promise.all([listener.close(STOP_TIMEOUT), stopDelivery()])
    await metrics?.close(0)
    await stopPruning()
  } finally {
    await core.store.close()
  }
  log.info('stopped')
}

async function listenBoth(core: Core): Promise<{ listener: Listener; metrics: Listener | undefined }> {
  const { settings } = core
  const metrics = settings.metrics && (await listen(metricsApp(core), settings.metrics))
  try {
    return { listener: await listen(createApp(core), settings, core), metrics }
  } catch (error) {
    // An open server would keep the process alive.
    await metrics?.close(0)
    throw error
  }
}

function announce(settings: Settings, secrets: Secrets, { url }: Listener, log: Logger): void {
  const { database } = settings
  const data = database.dialect === 'sqlite' ? resolve(database.file) : 'PostgreSQL'
  if (settings.production) {
    log.info({ url, data }, 'listening')
    return
  }
  console.log(`
  Rekindle listens on  ${url}
  Docs                 ${url}/docs
  Data                 ${data}${secrets.file === undefined ? '' : `\n  Secret               ${resolve(secrets.file)}`}${unlimited(settings)}

  Try it:
    curl ${url}/api/auth/register -H 'Content-Type: application/json' \\
      -d '{"username": "ada", "password": "correct horse battery staple"}'
`)
}

function unlimited({ limits }: Settings): string {
  const off = [
    ...(limits.registerAddress ? [] : ['registrations']),
    ...(limits.passwordAddress ? [] : ['password changes']),
  ]
  return off.length === 0 ? '' : `\n  Not limited          ${off.join(' and ')}, unless NODE_ENV=production`
}
