import type { Logger } from 'pino'
import type { Secrets, Settings } from '../config/settings.ts'
import type { SessionContext } from '../sessions/context.ts'
import { takeOver } from '../store/copy-mark.ts'
import { migrate } from '../store/migrate.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { createTokens } from '../tokens/keys.ts'
import type { AccountContext } from '../users/accounts.ts'
import { createPasswords } from '../users/passwords.ts'

/** All that the handlers work with: one object satisfies the contexts of sessions and accounts as well. */
export interface Core extends SessionContext, AccountContext {
  readonly store: Store
  readonly settings: Settings
  readonly log: Logger
  /** Turned true when the process was asked to stop */
  readonly shutdown: { draining: boolean }
  /** How often requests were refused for the database: /readyz then writes before it says that all is well. */
  readonly doubts: { raised: number }
}

export interface CoreOptions {
  readonly settings: Settings
  readonly secrets: Pick<Secrets, 'current' | 'previous'>
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
    const tokens = createTokens({ ...secrets, issuer: settings.issuer, audience: settings.audience })
    const passwords = createPasswords()
    const state = { shutdown: { draining: false }, doubts: { raised: 0 } }
    return { store, db: store.db, tokens, passwords, now, settings, log, ...state }
  } catch (error) {
    await store.close()
    throw error
  }
}
