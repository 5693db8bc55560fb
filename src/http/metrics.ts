/** Metrics for Prometheus: see `docs/adr/0023-metrics.md`. Loaded only with METRICS_PORT. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ExchangeOutcome } from '../sessions/exchange.ts'
import type { RefreshOutcome } from '../sessions/refresh.ts'
import type { SecurityEvent } from '../store/event-names.ts'
import { ALARMS } from '../store/event-names.ts'
import type { Store } from '../store/store.ts'
import type { Queue } from '../users/queue.ts'

/** Counts requests and their outcomes in memory. */
export interface Metrics {
  refreshed(outcome: RefreshOutcome['outcome']): void
  exchanged(outcome: ExchangeOutcome['outcome']): void
  happened(event: SecurityEvent): void
  /** @param route template of the path @param duration seconds */
  answered(method: string, route: string, status: number, duration: number): void
  /** Counts a request that was refused before the app saw it. */
  refused(status: number): void
  /** Counts a connection that was closed because its client did not read its answer in time. */
  unread(): void
  /** @returns all metrics in the text format of Prometheus */
  text(): Promise<string>
}

export interface MetricsOptions {
  readonly store: Pick<Store, 'pool'>
  readonly turns: Pick<Queue, 'waiting'>
  /** The number of active sessions, as last counted */
  readonly activeSessions: () => number | undefined
}

// The type requires every outcome. Counters start at 0, because Prometheus sees no increase in one that first appears as 1.
const REFRESHES: Readonly<Record<RefreshOutcome['outcome'], true>> = {
  rotated: true,
  replayed: true,
  late: true,
  refreshed: true,
  adopted: true,
  unavailable: true,
  invalid: true,
  limited: true,
  unproven: true,
  mismatched: true,
  expired: true,
  unknown_user: true,
  inactive_user: true,
  unknown_session: true,
  revoked: true,
  superseded: true,
  reused: true,
  shared: true,
  restored: true,
  off_device: true,
}
const EXCHANGES: Readonly<Record<ExchangeOutcome['outcome'], true>> = {
  exchanged: true,
  replayed: true,
  adopted: true,
  unavailable: true,
  disabled: true,
  invalid: true,
  limited: true,
  unproven: true,
  mismatched: true,
  expired: true,
  unknown_user: true,
  inactive_user: true,
  unknown_session: true,
  revoked: true,
  superseded: true,
  confined: true,
  off_device: true,
  reused: true,
}

const REFUSALS = [400, 408, 417, 431, 500]

// Seconds. A refresh takes one to five milliseconds, a login twenty and more.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

// Node's parser accepts thirty more. They share one series, because a client could otherwise create thirty.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

export function createMetrics(options: MetricsOptions): Metrics {
  const register = new Registry()
  const registers = [register]
  const refreshes = new Counter({
    name: 'rekindle_refreshes_total',
    help: 'POST /refresh_token with a token, by outcome',
    labelNames: ['outcome'],
    registers,
  })
  const exchanges = new Counter({
    name: 'rekindle_exchanges_total',
    help: 'POST /api/auth/refresh, by outcome',
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
    help: 'Time until the response was ready, by path template',
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
  const unread = new Counter({
    name: 'rekindle_unread_answers_total',
    help: 'Connections that were closed because the client read its answer too slowly',
    registers,
  })
  for (const status of REFUSALS) refusals.inc({ status }, 0)
  for (const outcome of Object.keys(REFRESHES)) refreshes.inc({ outcome }, 0)
  for (const outcome of Object.keys(EXCHANGES)) exchanges.inc({ outcome }, 0)
  for (const event of ALARMS) events.inc({ event }, 0)
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
    unread: () => unread.inc(),
    text: () => register.metrics(),
  }
}

function addGauges(registers: Registry[], { store, turns, activeSessions }: MetricsOptions): void {
  new Gauge({
    name: 'rekindle_active_sessions',
    help: 'Active sessions, as last counted. Absent before the first count and while the database is unavailable.',
    registers,
    collect() {
      const count = activeSessions()
      if (count === undefined) this.remove()
      else this.set(count)
    },
  })
  new Gauge({
    name: 'rekindle_passwords_waiting',
    help: 'Requests that wait for their turn to hash a password',
    registers,
    collect() {
      this.set(turns.waiting)
    },
  })
  const { pool } = store
  if (pool === undefined) return
  new Gauge({
    name: 'rekindle_database_connections',
    help: 'Connections to PostgreSQL, by state',
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
