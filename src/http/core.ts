import type { Logger } from 'pino'
import type { Secrets, Settings } from '../config/settings.ts'
import { nameOf } from '../config/values.ts'
import type { Feed } from '../feed/feed.ts'
import { createFeed } from '../feed/feed.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { openSigningKeys } from '../keys/signing-keys.ts'
import type { Limits } from '../limits/limits.ts'
import { createLimits } from '../limits/limits.ts'
import type { Names } from '../limits/names.ts'
import { createNames } from '../limits/names.ts'
import { messageOf } from '../message-of.ts'
import type { Nonces } from '../proofs/nonces.ts'
import { createNonces } from '../proofs/nonces.ts'
import type { SessionContext } from '../sessions/context.ts'
import { sessionCounter } from '../sessions/count.ts'
import { takeOver } from '../store/copy/mark.ts'
import { migrate, schemaState } from '../store/migrate.ts'
import { migrations } from '../store/migrations.ts'
import { openStore } from '../store/open.ts'
import type { RecordRefusal } from '../store/queries/events.ts'
import { oncePerHour } from '../store/queries/events.ts'
import type { Store } from '../store/store.ts'
import { createVerifyForeign } from '../tokens/foreign.ts'
import { createTokenKeys } from '../tokens/keys.ts'
import type { AccountContext } from '../users/accounts.ts'
import { createPasswords } from '../users/passwords.ts'
import type { Queue } from '../users/queue.ts'
import { createTurns } from '../users/turns.ts'
import type { Metrics } from './metrics.ts'
import { secretFinder } from './pipeline/secrets-in-text.ts'

/** The dependencies of all handlers, which are also those of the functions on sessions and accounts. */
export interface Core extends SessionContext, AccountContext {
  readonly store: Store
  readonly settings: Settings
  readonly log: Logger
  /** The keys that sign and verify access tokens */
  readonly signingKeys: SigningKeys
  readonly limits: Limits
  /** The queue of requests that hash a password */
  readonly turns: Queue
  /** Hashes usernames for the limits */
  readonly names: Names
  readonly recordRefusal: RecordRefusal
  /** Nonces of DPoP proofs */
  readonly nonces: Nonces
  /** The bytes of ADMIN_TOKEN. Undefined: administration is off. */
  readonly adminToken: Uint8Array | undefined
  /** The bytes of REVOCATIONS_TOKEN. Undefined: the feed is off. */
  readonly revocationsToken: Uint8Array | undefined
  /** The bytes of INTROSPECTION_TOKEN. Undefined: introspection is off. */
  readonly introspectionToken: Uint8Array | undefined
  /** Undefined without REVOCATIONS_TOKEN */
  readonly feed: Feed | undefined
  /** Whether a text contains a secret of this service */
  readonly holdsSecret: (text: string) => boolean
  /** Set `draining` to true when the process is asked to stop: `/readyz` then fails. */
  readonly shutdown: { draining: boolean }
  /**
   * The number of requests refused because the database failed. After one, `/readyz` tests a write before it succeeds. It
   * starts at 1, because nothing was written yet.
   */
  readonly failedWrites: { count: number }
  /** Undefined without METRICS_PORT */
  readonly metrics: Metrics | undefined
}

/** Options of {@link createCore}. */
export interface CoreOptions {
  /** From `readServiceSettings` */
  readonly settings: Settings
  /** From `readServiceSettings`: HS256 keys of at least 32 bytes, the keys that were given, and the tokens of operators and APIs */
  readonly secrets: Pick<Secrets, 'current' | 'previous'> &
    Partial<Pick<Secrets, 'refresh' | 'signing' | 'admin' | 'revocations' | 'introspection' | 'adoption'>>
  /** A logger of pino */
  readonly log: Logger
  /** Milliseconds since the epoch; `Date.now` by default */
  readonly now?: () => number
}

/**
 * Opens the database, migrates its schema and creates everything that the app needs.
 *
 * @param options the settings and secrets of `readServiceSettings`, and a log
 * @returns the core for {@link createApp}, {@link listen}, `startPruning` and `startDelivery`. `core.store.close()` closes
 * the database.
 * @throws when the database cannot be opened, was migrated by a version that this one cannot work beside, or is an unfinished copy
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, readServiceSettings } from 'rekindle'
 *
 * const { settings, secrets } = readServiceSettings(process.env)
 * const core = await createCore({ settings, secrets, log: pino({ level: settings.logLevel }) })
 * await core.store.close()
 * ```
 */
export async function createCore({ settings, secrets, log, now = Date.now }: CoreOptions): Promise<Core> {
  const store = await openStore(settings.database, 'create', settings.pool)
  try {
    const migrated = await migrate(store.db)
    await takeOver(store.db)
    if (migrated[0] === Object.keys(migrations)[0]) {
      // In production the settings may name the wrong database, and then all users are missing.
      log[settings.production ? 'warn' : 'info']({ data: nameOf(settings.database) }, 'new database made')
    } else if (migrated.length > 0) log.info({ migrations: migrated }, 'database migrated')
    const { unknown } = await schemaState(store.db)
    if (unknown.length > 0)
      log.warn({ unknown }, 'the database is newer than this program, which works beside it')
    const { admin: adminToken, revocations: revocationsToken, current, previous, refresh } = secrets
    const tokens = { adminToken, revocationsToken, introspectionToken: secrets.introspection }
    const signingKeys = await openSigningKeys({ db: store.db, settings, secrets, now, log })
    const { issuer, audience, clientId, publicUrl } = settings
    const keys = createTokenKeys({
      ...{ current, previous, refresh, issuer, audience, clientId, access: signingKeys },
      // Nobody is logged out when PUBLIC_URL is set: tokens from before have no issuer, and their session is known.
      mayLackIssuer: issuer === publicUrl,
    })
    const passwords = createPasswords(settings.password)
    const names = createNames(secrets)
    const limits = createLimits(settings, { db: store.db, now, names })
    const { mayWrite } = limits
    const state = { shutdown: { draining: false }, failedWrites: { count: 1 } }
    const recordRefusal = oncePerHour(store.db)
    const turns = createTurns(passwords)
    const holdsSecret = secretFinder(secrets, settings.webhook?.secret)
    const used = { keys, signingKeys, passwords, turns, limits, names, mayWrite }
    const nonces = createNonces(keys.refresh.verifying)
    const feed = revocationsToken && createFeed({ db: store.db, now, settings })
    const adoption = settings.adoption &&
      secrets.adoption && {
        ...settings.adoption,
        verify: createVerifyForeign(secrets.adoption, settings.adoption),
      }
    const tools = { ...used, ...tokens, recordRefusal, nonces, holdsSecret, feed, adoption }
    const context = { store, db: store.db, ...tools, now, settings, log, ...state }
    return { ...context, metrics: settings.metrics && (await startMetrics(context)) }
  } catch (error) {
    const isUnavailable = store.isUnavailable(error)
    await store.close()
    if (!isUnavailable) throw error
    const message = `the database of DATABASE_URL is not available: ${messageOf(error)}`
    throw new Error(message, { cause: error })
  }
}

async function startMetrics(context: Omit<Core, 'metrics'>): Promise<Metrics> {
  // Loaded only if needed: most installations have no metrics.
  const { createMetrics } = await import('./metrics.ts')
  return createMetrics({ ...context, activeSessions: sessionCounter(context) })
}
