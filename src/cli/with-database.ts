import type { Settings } from '../config/settings.ts'
import { readSettings } from '../config/settings.ts'
import { takeOver } from '../store/copy/mark.ts'
import { migrate } from '../store/migrate.ts'
import { openStore } from '../store/open.ts'
import type { Database } from '../store/schema.ts'
import type { Access } from '../store/store.ts'
import { Failure, messageOf } from './failure.ts'

/** The dependencies of the commands. */
export interface CommandContext {
  readonly db: Database
  readonly settings: Settings
  /** Milliseconds since the epoch */
  readonly now: () => number
}

/**
 * Opens the database without migrating it, and closes it after the work.
 *
 * @throws {@link Failure} when the database becomes unavailable
 */
export async function withDatabase(
  env: NodeJS.ProcessEnv,
  work: (context: CommandContext) => Promise<void>,
  access: Access = 'write',
): Promise<void> {
  const settings = readSettings(env)
  const store = await openStore(settings.database, access, settings.pool)
  try {
    await work({ db: store.db, settings, now: Date.now })
  } catch (error) {
    if (!store.isUnavailable(error)) throw error
    throw new Failure(`the database of DATABASE_URL is not available: ${messageOf(error)}`, { cause: error })
  } finally {
    await store.close()
  }
}

/** Does the same after migrating the schema, so that a new database needs no separate command. */
export function withSchema(
  env: NodeJS.ProcessEnv,
  work: (context: CommandContext) => Promise<void>,
): Promise<void> {
  return withDatabase(env, async (context) => {
    await migrate(context.db)
    await takeOver(context.db)
    await work(context)
  })
}
