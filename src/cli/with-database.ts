import { statSync } from 'node:fs'
import type { Settings } from '../config/settings.ts'
import { readSettings } from '../config/settings.ts'
import type { Database as Place } from '../config/values.ts'
import { nameOf } from '../config/values.ts'
import { refuseUnfinished, takeOver } from '../store/copy/mark.ts'
import { refuseTooNew, schemaState } from '../store/migrate.ts'
import { openStore } from '../store/open.ts'
import type { Database } from '../store/schema.ts'
import type { Access, Store } from '../store/store.ts'
import { FAILED, Failure, messageOf } from './failure.ts'
import { printable } from './output.ts'

/** The dependencies of the commands. */
export interface CommandContext {
  readonly db: Database
  readonly settings: Settings
  /** Milliseconds since the epoch */
  readonly now: () => number
  /** Prints the outcome of the command after the name of the database, because it may be the wrong one. */
  readonly say: (outcome: string) => void
  /** The same on standard error, beside rows of a list */
  readonly remark: (outcome: string) => void
}

/**
 * Opens the database, and closes it after the work. Only with `create` it is made if it is not there.
 *
 * @throws {@link Failure} that names the database
 */
export async function withStore(
  env: NodeJS.ProcessEnv,
  access: Access,
  work: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const settings = readSettings(env)
  const name = nameOf(settings.database)
  // A command that made it would succeed with nothing.
  if (access !== 'create' && isMissing(settings.database))
    throw new Failure(
      `${name}: there is no such database. DATABASE_URL names it; rekindle migrate or rekindle serve makes a new one`,
    )
  const store = await openStore(settings.database, access, settings.pool)
  const say = (outcome: string) => console.log(printable(`${name}: ${outcome}`))
  const remark = (outcome: string) => console.error(printable(`${name}: ${outcome}`))
  try {
    await work({ db: store.db, settings, now: Date.now, say, remark })
  } catch (error) {
    const exitCode = error instanceof Failure ? error.exitCode : FAILED
    throw new Failure(`${name}: ${reasonOf(store, error)}`, { cause: error, exitCode })
  } finally {
    await store.close()
  }
}

/** Whether the SQLite file is not there. @throws when it cannot be known, for example without permission */
export const isMissing = (database: Place) =>
  database.dialect === 'sqlite' && statSync(database.file, { throwIfNoEntry: false }) === undefined

function reasonOf(store: Store, error: unknown): string {
  return `${store.isUnavailable(error) ? 'the database of DATABASE_URL is not available: ' : ''}${messageOf(error)}`
}

/** Works on a database with the current schema. With `write`, a finished copy becomes a database of its own. */
export function withDatabase(
  env: NodeJS.ProcessEnv,
  access: 'read' | 'write',
  work: (context: CommandContext) => Promise<void>,
): Promise<void> {
  return withStore(env, access, async (context) => {
    await requireSchema(context.db)
    await (access === 'read' ? refuseUnfinished : takeOver)(context.db)
    await work(context)
  })
}

async function requireSchema(db: Database): Promise<void> {
  const state = await schemaState(db)
  refuseForeign(state)
  refuseTooNew(state)
  const { pending } = state
  if (pending.length > 0)
    throw new Failure(
      `its schema is older than this program: run rekindle migrate first (${pending.join(', ')})`,
    )
}

/** @throws {@link Failure} when the database has no tables of this service */
export function refuseForeign({ isNew }: { readonly isNew: boolean }): void {
  if (isNew)
    throw new Failure(
      'it has no tables of this service. Is it the right database? Only rekindle migrate and rekindle serve make them',
    )
}
