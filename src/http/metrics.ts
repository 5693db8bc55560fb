/** What Prometheus is told: see `docs/adr/0023-metrics.md`. Only loaded where it is wanted. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ExchangeOutcome } from '../sessions/exchange.ts'
import type { RefreshOutcome } from '../sessions/refresh.ts'
import type { SecurityEvent } from '../store/event-names.ts'
import { WARNINGS } from '../store/event-names.ts'
import type { Store } from '../store/store.ts'
import type { Passwords } from '../users/passwords.ts'

/** Counts in memory what comes of requests, and writes it out in Prometheus' text format. */
export interface Metrics {
  refreshed(outcome: RefreshOutcome['outcome']): void
  exchanged(outcome: ExchangeOutcome['outcome']): void
  happened(event: SecurityEvent): void
  /** @param route template of the path @param duration seconds */
  answered(method: string, route: string, status: number, duration: number): void
  /** Before it came to an operation */
  refused(status: number): void
  /** All of them, in the text format of Prometheus */
  text(): Promise<string>
}

export interface MetricsOptions {
  readonly store: Pick<Store, 'pool'>
  readonly passwords: Pick<Passwords, 'waiting'>
  /** Living sessions as far as is known */
  readonly activeSessions: () => number | undefined
}

// An outcome that is missing here does not compile. They begin with 0: of a counter that begins with 1 Prometheus would
// not know that it has grown.
const REFRESHES: Readonly<Record<RefreshOutcome['outcome'], true>> = {
  rotated: true,
  replayed: true,
  refreshed: true,
  invalid: true,
  limited: true,
  expired: true,
  unknown_user: true,
  inactive_user: true,
  unknown_session: true,
  revoked: true,
  reused: true,
  restored: true,
}
const EXCHANGES: Readonly<Record<ExchangeOutcome['outcome'], true>> = {
  exchanged: true,
  replayed: true,
  disabled: true,
  invalid: true,
  limited: true,
  expired: true,
  unknown_user: true,
  inactive_user: true,
  unknown_session: true,
  revoked: true,
  reused: true,
}

const REFUSALS = [400, 408, 417, 431, 500]

// Seconds. A refresh takes one to five milliseconds, a login twenty and more.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

// Node's parser knows thirty more; whoever tries them out gets one series for all.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])

export function createMetrics(options: MetricsOptions): Metrics {
  const register = new Registry()
  const registers = [register]
  const refreshes = new Counter({
    name: 'rekindle_refreshes_total',
    help: 'POST /refresh_token with a token, by what came of it',
    labelNames: ['outcome'],
    registers,
  })
  const exchanges = new Counter({
    name: 'rekindle_exchanges_total',
    help: 'POST /api/auth/refresh, by what came of it',
    labelNames: ['outcome'],
    registers,
  })
  const events = new Counter({
    name: 'rekindle_events_total',
    help: 'Security events, as they are logged',
    labelNames: ['event'],
    registers,
  })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Until the response was ready, by template of the path',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  })
  const refusals = new Counter({
    name: 'rekindle_refused_requests_total',
    help: 'Requests that could not be read, came too slowly or were too large, by status',
    labelNames: ['status'],
    registers,
  })
  for (const status of REFUSALS) refusals.inc({ status }, 0)
  for (const outcome of Object.keys(REFRESHES)) refreshes.inc({ outcome }, 0)
  for (const outcome of Object.keys(EXCHANGES)) exchanges.inc({ outcome }, 0)
  for (const event of WARNINGS) events.inc({ event }, 0)
  addGauges(registers, options)
  collectDefaultMetrics({ register })

  return {
    refreshed: (outcome) => refreshes.inc({ outcome }),
    exchanged: (outcome) => exchanges.inc({ outcome }),
    happened: (event) => events.inc({ event }),
    answered(method, route, status, duration) {
      requests.observe({ method: METHODS.has(method) ? method : 'other', route, status }, duration)
    },
    refused: (status) => refusals.inc({ status }),
    text: () => register.metrics(),
  }
}

function addGauges(registers: Registry[], { store, passwords, activeSessions }: MetricsOptions): void {
  new Gauge({
    name: 'rekindle_active_sessions',
    help: 'Living sessions, as last counted; missing until then, and while the database is away',
    registers,
    collect() {
      const count = activeSessions()
      if (count === undefined) this.remove()
      else this.set(count)
    },
  })
  new Gauge({
    name: 'rekindle_passwords_waiting',
    help: 'Passwords that wait to be hashed',
    registers,
    collect() {
      this.set(passwords.waiting)
    },
  })
  const { pool } = store
  if (pool === undefined) return
  new Gauge({
    name: 'rekindle_database_connections',
    help: 'Connections to PostgreSQL, by what they do',
    labelNames: ['state'],
    registers,
    collect() {
      const { total, idle } = pool()
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'busy' }, total - idle)
    },
  })
  new Gauge({
    name: 'rekindle_database_waiting',
    help: 'Statements and transactions that wait for a connection to PostgreSQL',
    registers,
    collect() {
      this.set(pool().waiting)
    },
  })
}
