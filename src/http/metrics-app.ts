import { Hono } from 'hono'
import type { Env } from './contract.ts'
import type { Core } from './core.ts'

// Of the text format, with `charset`: RFC 9110 §8.3.1 has no default for it.
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

/** What is served on METRICS_PORT: `GET /metrics`, and nothing else. It is no part of the contract. */
export function metricsApp({ metrics }: Pick<Core, 'metrics'>): Hono<Env> {
  const app = new Hono<Env>()
  if (metrics !== undefined) {
    app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'Content-Type': TEXT_FORMAT }))
  }
  app.notFound((c) => c.json({ status: 'error', code: 404, message: 'Not found.' }, 404))
  return app
}
