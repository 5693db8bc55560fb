import type { Logger } from 'pino'
import type { Secrets, Settings } from '../config/settings.ts'
import type { Limits } from '../limits/limits.ts'
import { createLimits } from '../limits/limits.ts'
import type { SessionContext } from '../sessions/context.ts'
import { sessionCounter } from '../sessions/count.ts'
import { takeOver } from '../store/copy/mark.ts'
import { migrate } from '../store/migrate.ts'
import { openStore } from '../store/open.ts'
import type { RecordRefusal } from '../store/queries/events.ts'
import { oncePerHour } from '../store/queries/events.ts'
import type { Store } from '../store/store.ts'
import { createTokenKeys } from '../tokens/jwt.ts'
import type { AccountContext } from '../users/accounts.ts'
import { createPasswords } from '../users/passwords.ts'
import type { Metrics } from './metrics.ts'

/** All that the handlers work with: one object satisfies the contexts of sessions and accounts as well. */
export interface Core extends SessionContext, AccountContext {
  readonly store: Store
  readonly settings: Settings
  readonly log: Logger
  readonly limits: Limits
  readonly recordRefusal: RecordRefusal
  /** Undefined: administration is off. */
  readonly adminToken: Uint8Array | undefined
  /** Turned true when the process was asked to stop */
  readonly shutdown: { draining: boolean }
  /** How often requests were refused for the database: /readyz then writes before it says that all is well. */
  readonly failedWrites: { count: number }
  /** Undefined where nobody asks for them */
  readonly metrics: Metrics | undefined
}

export interface CoreOptions {
  readonly settings: Settings
  readonly secrets: Pick<Secrets, 'current' | 'previous'> & Partial<Pick<Secrets, 'admin'>>
  readonly log: Logger
  /** Milliseconds since the epoch; the system's clock by default */
  readonly now?: () => number
}

/** Opens and migrates the database and makes keys: all that the app needs. `core.store.close()` ends it. */
export async function createCore({ settings, secrets, log, now = Date.now }: CoreOptions): Promise<Core> {
  const store = await openStore(settings.database)
  try {
    const migrated = await migrate(store.db)
    await takeOver(store.db)
    if (migrated.length > 0) log.info({ migrations: migrated }, 'database migrated')
    const { admin, ...signing } = secrets
    const keys = createTokenKeys({ ...signing, issuer: settings.issuer, audience: settings.audience })
    const passwords = createPasswords(settings.password)
    const limits = createLimits(settings, { db: store.db, now })
    const { mayWrite } = limits
    const state = { shutdown: { draining: false }, failedWrites: { count: 0 } }
    const recordRefusal = oncePerHour(store.db)
    const tools = { keys, passwords, limits, mayWrite, recordRefusal, adminToken: admin }
    const context = { store, db: store.db, ...tools, now, settings, log, ...state }
    return { ...context, metrics: settings.metrics && (await startMetrics(context)) }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function startMetrics(context: Omit<Core, 'metrics'>): Promise<Metrics> {
  // Most installations never need it.
  const { createMetrics } = await import('./metrics.ts')
  return createMetrics({ ...context, activeSessions: sessionCounter(context) })
}
