import type { Command } from 'commander'
import { pruneAll } from '../sessions/prune.ts'
import { migrate, refuseTooNew, schemaState } from '../store/migrate.ts'
import type { Database } from '../store/schema.ts'
import { count } from './output.ts'
import { withDatabase, withSchema } from './with-database.ts'

/** `rekindle migrate` and `rekindle prune` */
export function addDatabaseCommands(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('migrate')
    .description('bring the database schema up to date and list the migrations that were run')
    .option('--dry-run', 'only list the migrations that would be run')
    .action(({ dryRun }: { readonly dryRun?: true }) =>
      withDatabase(
        env,
        async ({ db }) => {
          const names = dryRun ? await pending(db) : await migrate(db)
          const { unknown } = await schemaState(db)
          if (unknown.length > 0) {
            console.log(`The schema is newer than this program, which works beside it: ${unknown.join(', ')}`)
          } else console.log(names.length === 0 ? 'The schema is up to date.' : names.join('\n'))
        },
        dryRun ? 'read' : 'write',
      ),
    )
  program
    .command('prune')
    .description('delete expired rows; the running service does this every minute')
    .action(() =>
      withSchema(env, async (context) => {
        const { sessions, revokedTokens, events } = await pruneAll(context, {
          onUndelivered: (lost) =>
            console.error(`${count(lost, 'event')} deleted without reaching the webhook.`),
        })
        const rows = [
          count(sessions, 'session'),
          count(revokedTokens, 'revoked token'),
          count(events, 'event'),
        ]
        console.log(`${rows.join(', ')} deleted.`)
      }),
    )
}

async function pending(db: Database): Promise<readonly string[]> {
  const state = await schemaState(db)
  refuseTooNew(state)
  return state.pending
}
