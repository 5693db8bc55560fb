import type { Command } from 'commander'
import { readSettings } from '../config/settings.ts'
import { nameOf } from '../config/values.ts'
import { pruneAll } from '../sessions/prune.ts'
import { migrate, refuseTooNew, schemaState } from '../store/migrate.ts'
import { migrations } from '../store/migrations.ts'
import { count } from './output.ts'
import { withProgress } from './progress.ts'
import type { CommandContext } from './with-database.ts'
import { isMissing, withDatabase, withStore } from './with-database.ts'

/** `rekindle migrate` and `rekindle prune` */
export function addDatabaseCommands(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('migrate')
    .description('bring the database schema up to date and list the migrations that were run')
    .option('--dry-run', 'only list the migrations that would be run')
    .action(({ dryRun }: { readonly dryRun?: true }) =>
      dryRun
        ? listPending(env)
        : withStore(env, 'create', async (context) => list(context, await migrate(context.db), 'run:')),
    )
  program
    .command('prune')
    .description('delete expired rows; the running service does this every minute')
    .action(() =>
      withDatabase(env, 'write', async (context) => {
        const { sessions, revokedTokens, events } = await withProgress(({ show, end }) =>
          pruneAll(context, {
            onDeleted: (rows) => show(`${count(rows, 'row')} deleted`),
            onUndelivered: (lost) => {
              end()
              console.error(`${count(lost, 'event')} deleted without reaching the webhook.`)
            },
          }),
        )
        const rows = [
          count(sessions, 'session'),
          count(revokedTokens, 'revoked token'),
          count(events, 'event'),
        ]
        context.say(`${rows.join(', ')} deleted.`)
      }),
    )
}

async function list({ db, say }: CommandContext, names: readonly string[], what: string): Promise<void> {
  const { unknown } = await schemaState(db)
  if (unknown.length > 0)
    say(`The schema is newer than this program, which works beside it: ${unknown.join(', ')}`)
  else say(names.length === 0 ? 'The schema is up to date.' : `${count(names.length, 'migration')} ${what}`)
  for (const name of names) console.log(name)
}

async function listPending(env: NodeJS.ProcessEnv): Promise<void> {
  const { database } = readSettings(env)
  if (isMissing(database)) {
    const names = Object.keys(migrations)
    console.log(`${nameOf(database)}: ${count(names.length, 'migration')} to run, in a new database:`)
    for (const name of names) console.log(name)
    return
  }
  await withStore(env, 'read', async (context) => {
    const state = await schemaState(context.db)
    refuseTooNew(state)
    const what = `to run${state.isNew ? ', in a database without tables of this service' : ''}:`
    await list(context, state.pending, what)
  })
}
