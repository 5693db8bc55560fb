import type { Command } from 'commander'
import { hasWebhook } from '../store/queries/deleted-users.ts'
import { OPERATOR } from '../store/queries/events.ts'
import type { UserRow } from '../store/queries/users.ts'
import { activateUser, deactivateUser, usersByName } from '../store/queries/users.ts'
import { deleteAccount } from '../users/delete.ts'
import { userBody } from '../users/user-body.ts'
import { addCredentialCommands } from './credentials.ts'
import { addExportCommand } from './export.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { requireUser } from './find-user.ts'
import { addImportCommand } from './import.ts'
import type { ListFormat } from './list.ts'
import { printList } from './list.ts'
import { count, isoTime } from './output.ts'
import { confirm } from './prompt.ts'
import { localTime } from './terminal.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface RemoveOptions {
  readonly yes?: true
}

const isoOr = (time: number | null) => (time === null ? '-' : isoTime(time))
const localOr = (time: number | null) => (time === null ? '-' : localTime(time))

const USERS: ListFormat<UserRow> = {
  noun: 'user',
  body: userBody,
  table: [
    ['ID', ({ id }) => id],
    ['CREATED', ({ createdAt }) => isoTime(createdAt)],
    ['LAST LOGIN', ({ lastLoginAt }) => isoOr(lastLoginAt)],
    ['DEACTIVATED', ({ deactivatedAt }) => isoOr(deactivatedAt)],
    ['USERNAME', ({ username }) => username],
  ],
  columns: [
    { head: 'USERNAME', cell: ({ username }) => username, rank: 0 },
    { head: 'LAST LOGIN', cell: ({ lastLoginAt }) => localOr(lastLoginAt), rank: 1 },
    { head: 'DEACTIVATED', cell: ({ deactivatedAt }) => localOr(deactivatedAt), rank: 2 },
    { head: 'CREATED', cell: ({ createdAt }) => localTime(createdAt), rank: 4 },
    { head: 'ID', cell: ({ id }) => id, rank: 3 },
  ],
}

/** `rekindle users add`, `password`, `rename`, `list`, `export`, `import`, `deactivate`, `activate` and `remove` */
export function addUserCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const users = program.command('users').description('manage users')
  addCredentialCommands(users, env)
  users
    .command('list')
    .description('list all users')
    .option('--json', 'print a JSON array')
    .action(({ json }: { readonly json?: true }) =>
      withDatabase(env, 'read', (context) =>
        printList(context, usersByName(context.db), USERS, json === true),
      ),
    )
  addExportCommand(users, env)
  addImportCommand(users, env)
  users
    .command('deactivate')
    .description('stop a user from logging in, and end all their sessions')
    .argument('<username>', 'name or id')
    .action((username: string) => withDatabase(env, 'write', (context) => deactivate(context, username)))
  users
    .command('activate')
    .description('let a deactivated user log in again; ended sessions stay ended')
    .argument('<username>', 'name or id')
    .action((username: string) => withDatabase(env, 'write', (context) => activate(context, username)))
  users
    .command('remove')
    .description('delete a user and what is kept of them')
    .argument('<username>', 'name or id')
    .option('-y, --yes', 'do not ask')
    .action((username: string, options: RemoveOptions) => {
      if (!options.yes && !process.stdin.isTTY) {
        throw new Failure('standard input is not a terminal: confirm the removal with --yes', {
          exitCode: WRONG_USAGE,
        })
      }
      return withDatabase(env, 'write', (context) => remove(context, username, options))
    })
}

async function deactivate({ db, now, say }: CommandContext, nameOrId: string): Promise<void> {
  const user = await requireUser(db, nameOrId)
  const ended = await deactivateUser(db, user.id, now(), OPERATOR)
  if (ended === undefined) throw new Failure(`no such user: ${nameOrId}`)
  say(`User ${user.username} deactivated, ${count(ended.endedSessions, 'session')} ended.`)
}

async function activate({ db, now, say }: CommandContext, nameOrId: string): Promise<void> {
  const user = await requireUser(db, nameOrId)
  if (!(await activateUser(db, user.id, now(), OPERATOR))) throw new Failure(`no such user: ${nameOrId}`)
  say(`User ${user.username} activated.`)
}

async function remove(context: CommandContext, nameOrId: string, { yes }: RemoveOptions): Promise<void> {
  const { db, settings, say } = context
  const user = await requireUser(db, nameOrId)
  if (!yes && !(await confirm(`Remove user ${user.username} and all their sessions?`))) {
    throw new Failure('nothing was removed')
  }
  // The environment of the command may lack the service's webhook.
  const deletion = { ...context, hasWebhook: settings.webhook !== undefined || (await hasWebhook(db)) }
  if (!(await deleteAccount(deletion, user.id, OPERATOR))) throw new Failure(`no such user: ${nameOrId}`)
  say(`User ${user.username} removed.`)
}
