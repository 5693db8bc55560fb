import { Hono } from 'hono'
import type { Env } from './contract.ts'
import type { Core } from './core.ts'

// The version of the text format, with `charset` because RFC 9110 §8.3.1 defines no default for it
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Creates the app for METRICS_PORT, which answers `GET /metrics` and nothing else. It is not part of the contract.
 *
 * @param core from {@link createCore}. Without METRICS_PORT in its settings, every request gets 404.
 * @returns a Hono app for {@link listen}
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, listen, metricsApp, readServiceSettings } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const { metrics } = core.settings
 * if (metrics !== undefined) await listen(metricsApp(core), metrics)
 * ```
 */
export function metricsApp({ metrics }: Pick<Core, 'metrics'>): Hono<Env> {
  const app = new Hono<Env>()
  if (metrics !== undefined) {
    app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'Content-Type': TEXT_FORMAT }))
  }
  app.notFound((c) => c.json({ status: 'error', code: 404, message: 'Not found.' }, 404))
  return app
}
