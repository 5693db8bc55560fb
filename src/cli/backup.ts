import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { readSettings } from '../config/settings.ts'
import { schemaState } from '../store/migrate.ts'
import { backupSqlite } from '../store/sqlite/backup.ts'
import { Failure, messageOf, WRONG_USAGE } from './failure.ts'
import { withProgress } from './progress.ts'
import { refuseForeign, withStore } from './with-database.ts'

/** `rekindle backup` */
export function addBackupCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('backup')
    .description('copy a SQLite database into a new file, while the service runs')
    .argument('<file>', 'the new file, which must not exist')
    .action((file: string) => backup(env, file))
}

async function backup(env: NodeJS.ProcessEnv, file: string): Promise<void> {
  if (file === '') throw new Failure('the file name is empty', { exitCode: WRONG_USAGE })
  const { database } = readSettings(env)
  if (database.dialect !== 'sqlite') {
    throw new Failure('backup is for SQLite: back up PostgreSQL with pg_dump', { exitCode: WRONG_USAGE })
  }
  await withStore(env, 'read', async ({ db, say }) => {
    // Of any schema, because a backup comes before a migration.
    refuseForeign(await schemaState(db))
    try {
      const size = `${Math.ceil(statSync(database.file).size / 2 ** 20)} MiB`
      await withProgress(({ showNow }) =>
        backupSqlite(database.file, file, (step) => showNow(`${step} ${size} …`)),
      )
    } catch (error) {
      throw new Failure(`no backup was made: ${messageOf(error)}`, { cause: error })
    }
    say(`${file} written and checked.`)
  })
}
