import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import type { Database as Place } from '../config/values.ts'
import { database } from '../config/values.ts'
import type { CopyOutcome } from '../store/copy/copy.ts'
import { copyRows } from '../store/copy/copy.ts'
import { isSameDatabase } from '../store/copy/is-same-database.ts'
import { migrate, refuseNewer, schemaState } from '../store/migrate.ts'
import { openStore } from '../store/open.ts'
import type { Access, Store } from '../store/store.ts'
import { Failure, messageOf, WRONG_USAGE } from './failure.ts'
import { count } from './output.ts'

interface CopyOptions {
  readonly from: string
  readonly to: string
}

/** `rekindle copy` */
export function addCopyCommand(program: Command): void {
  program
    .command('copy')
    .description('copy a database into another one, so that users stay logged in after a move')
    .requiredOption('--from <url>', 'the source, as in DATABASE_URL; it is only read')
    .requiredOption('--to <url>', 'the target; it is migrated, and rows that the source lacks are deleted')
    .action(({ from, to }: CopyOptions) => copy(read('--from', from), read('--to', to)))
}

// The URL may contain a password, so no part of it is printed.
function read(option: string, url: string): Place {
  const { data, error } = database.safeParse(url)
  if (error === undefined) return data
  throw new Failure(`${option} ${error.issues[0]?.message}`, { exitCode: WRONG_USAGE })
}

// Two paths may be links to the same file.
const fileOf = (place: Place) =>
  place.dialect === 'sqlite' ? statSync(place.file, { bigint: true, throwIfNoEntry: false }) : undefined

function refuseSame(isSame: boolean): void {
  if (isSame) throw new Failure('--from and --to are the same database', { exitCode: WRONG_USAGE })
}

async function copy(from: Place, to: Place): Promise<void> {
  refuseSame(isDeepStrictEqual(from, to))
  const [source, target] = [fileOf(from), fileOf(to)]
  if (from.dialect === 'sqlite' && source === undefined) throw new Failure(`no such file: ${from.file}`)
  refuseSame(source !== undefined && source.dev === target?.dev && source.ino === target.ino)
  const line = await withStore('source', from, 'read', async (source) => {
    const { pending, unknown } = await schemaState(source.db)
    refuseNewer({ pending, unknown })
    if (pending.length > 0) throw new Error('its schema is older: run rekindle migrate on it first')
    return withStore('target', to, 'write', async (target) => {
      refuseSame(await isSameDatabase(source.db, target.db))
      // A newer schema may have columns that the copy would leave empty.
      refuseNewer(await schemaState(target.db))
      await migrate(target.db)
      return report(await copyAll(source, target))
    })
  })
  console.log(line)
}

async function copyAll(source: Store, target: Store): Promise<CopyOutcome> {
  try {
    return await copyRows(source.db, target.db, Date.now())
  } catch (error) {
    throw new Failure(`interrupted, run it again: ${messageOf(error)}`, { cause: error })
  }
}

function report(result: CopyOutcome): string {
  switch (result.outcome) {
    case 'copied': {
      const { users, sessions, revoked_tokens, events } = result.rows
      const rows = [
        count(users, 'user'),
        count(sessions, 'session'),
        count(revoked_tokens, 'revoked token'),
        count(events, 'event'),
      ]
      return `${rows.join(', ')} copied and compared.`
    }
    case 'in_use':
      throw new Failure(
        'the target is in use: it has users that the source does not have, or later refreshes',
      )
    case 'differs':
      throw new Failure(`the copy differs from the source in ${result.table}: ${result.key}`)
  }
}

/** Opens a database for `work` and closes it. Errors name the database that they came from. */
async function withStore<T>(
  role: 'source' | 'target',
  place: Place,
  access: Access,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  let store: Store | undefined
  try {
    store = await openStore(place, access)
    return await work(store)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`the ${role}: ${messageOf(error)}`, { cause: error })
  } finally {
    await store?.close()
  }
}
