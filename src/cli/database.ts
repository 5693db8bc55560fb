import type { Command } from 'commander'
import { readSettings } from '../config/settings.ts'
import { nameOf } from '../config/values.ts'
import { pruneAll } from '../sessions/prune.ts'
import { migrate, refuseNewer, schemaState } from '../store/migrate.ts'
import { migrations } from '../store/migrations.ts'
import { count } from './output.ts'
import { withProgress } from './progress.ts'
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
        : withStore(env, 'create', async ({ db, say }) => list(await migrate(db), 'run:', say)),
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

function list(names: readonly string[], what: string, say: (outcome: string) => void): void {
  say(names.length === 0 ? 'The schema is up to date.' : `${count(names.length, 'migration')} ${what}`)
  for (const name of names) console.log(name)
}

async function listPending(env: NodeJS.ProcessEnv): Promise<void> {
  const { database } = readSettings(env)
  if (isMissing(database)) {
    const say = (outcome: string) => console.log(`${nameOf(database)}: ${outcome}`)
    return list(Object.keys(migrations), 'to run, in a new database:', say)
  }
  await withStore(env, 'read', async ({ db, say }) => {
    const state = await schemaState(db)
    refuseNewer(state)
    list(state.pending, `to run${state.isNew ? ', in a database without tables of this service' : ''}:`, say)
  })
}
