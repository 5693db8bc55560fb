import type { Command } from 'commander'
import { zUsername } from '../../generated/schemas.ts'
import { rememberedAs } from '../limits/names.ts'
import { OPERATOR } from '../store/queries/events.ts'
import { register } from '../users/accounts.ts'
import type { PasswordFault } from '../users/new-password.ts'
import { MAX_BYTES } from '../users/new-password.ts'
import { createPasswords } from '../users/passwords.ts'
import { rename } from '../users/rename.ts'
import { setPassword } from '../users/set-password.ts'
import { Failure } from './failure.ts'
import { requireUser } from './find-user.ts'
import { count } from './output.ts'
import { readNewPassword } from './prompt.ts'
import { readNames } from './read-names.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

const SOURCE = 'is read from a prompt or from the first line of standard input'

/** `rekindle users add`, `password` and `rename` */
export function addCredentialCommands(users: Command, env: NodeJS.ProcessEnv): void {
  users
    .command('add')
    .description(`add a user; the password ${SOURCE}`)
    .argument('<username>')
    .action((username: string) => withDatabase(env, 'write', (context) => add(context, username)))
  users
    .command('password')
    .description(`set the password of a user and end all their sessions; it ${SOURCE}`)
    .argument('<username>', 'name or id')
    .action((username: string) => withDatabase(env, 'write', (context) => setNew(context, username)))
  users
    .command('rename')
    .description('give a user another name; their sessions go on')
    .argument('<username>', 'name or id')
    .argument('<new-username>')
    .action((username: string, newName: string) => {
      const names = readNames(env)
      const seenAs = names && rememberedAs(names)
      return withDatabase(env, 'write', (context) => renameUser(context, username, newName, seenAs))
    })
}

function requireUsername(username: string): void {
  if (zUsername.safeParse(username).success) return
  throw new Failure(
    'a username has 1 to 128 characters, with single spaces inside, but no other white space and no control characters',
  )
}

function unfit(fault: PasswordFault, { settings }: CommandContext): Failure {
  const messages: Record<PasswordFault, string> = {
    too_short: `a password has at least ${settings.password.minLength} characters`,
    too_long: `a password has at most ${MAX_BYTES} bytes`,
    undecodable: 'the password contains U+FFFD',
    username_inside: 'the password contains the username',
    common: 'the password is one of the most common ones',
  }
  return new Failure(messages[fault])
}

async function add(context: CommandContext, username: string): Promise<void> {
  requireUsername(username)
  const password = await readNewPassword()
  const passwords = createPasswords(context.settings.password)
  const result = await register({ ...context, passwords }, { username, password }, OPERATOR)
  if (result.outcome === 'unfit_password') throw unfit(result.fault, context)
  if (result.outcome !== 'registered') throw new Failure(`the username is taken: ${username}`)
  context.say(`User ${result.user.username} added, id ${result.user.id}.`)
}

async function setNew(context: CommandContext, nameOrId: string): Promise<void> {
  const user = await requireUser(context.db, nameOrId)
  const password = await readNewPassword()
  const passwords = createPasswords(context.settings.password)
  const result = await setPassword({ ...context, passwords }, user, password, OPERATOR)
  if (result.outcome === 'unknown_user') throw new Failure(`no such user: ${nameOrId}`)
  if (result.outcome === 'unfit_password') throw unfit(result.fault, context)
  context.say(`Password of ${user.username} set, ${count(result.endedSessions, 'session')} ended.`)
}

async function renameUser(
  context: CommandContext,
  nameOrId: string,
  username: string,
  seenAs: ReturnType<typeof rememberedAs> | undefined,
): Promise<void> {
  requireUsername(username)
  const { id, username: old } = await requireUser(context.db, nameOrId)
  const result = await rename({ ...context, rememberedAs: seenAs }, { id, username }, OPERATOR)
  if (result.outcome === 'taken') throw new Failure(`the username is taken: ${username}`)
  if (result.outcome === 'unknown_user') throw new Failure(`no such user: ${nameOrId}`)
  context.say(`User ${old} renamed to ${username}.`)
}
