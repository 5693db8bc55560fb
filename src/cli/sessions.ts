import type { Command } from 'commander'
import { endAllSessions, endEverySession, endSession } from '../sessions/revoke.ts'
import { OPERATOR } from '../store/queries/events.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { requireUser } from './find-user.ts'
import { count } from './output.ts'
import { addSessionListCommands } from './session-lists.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface RevokeOptions {
  readonly user?: string
  readonly all?: true
}

/** `rekindle sessions list`, `explain` and `revoke` */
export function addSessionCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const sessions = program.command('sessions').description('list, explain and end sessions')
  addSessionListCommands(sessions, env)
  sessions
    .command('revoke')
    .description('end a session, all sessions of a user, or all sessions')
    .argument('[session]', 'id of the session')
    .option('--user <username>', 'all sessions of this user (name or id)')
    .option('--all', 'all sessions of all users, for example after an intrusion')
    .action((id: string | undefined, { user, all }: RevokeOptions) => {
      if ([id, user, all].filter((given) => given !== undefined).length === 1) {
        if (id !== undefined) return withDatabase(env, 'write', (context) => revokeOne(context, id))
        if (user !== undefined) return withDatabase(env, 'write', (context) => revokeOf(context, user))
        return withDatabase(env, 'write', revokeAll)
      }
      throw new Failure('give either the id of a session, --user or --all', { exitCode: WRONG_USAGE })
    })
}

async function revokeOne(context: CommandContext, id: string): Promise<void> {
  const events = await endSession(context, { sessionId: id, reason: 'operator', origin: OPERATOR })
  if (events.length === 0) throw new Failure(`no such session, or it has already ended: ${id}`)
  context.say(`Session ${id} ended.`)
}

async function revokeOf(context: CommandContext, nameOrId: string): Promise<void> {
  const user = await requireUser(context.db, nameOrId)
  const end = { userId: user.id, reason: 'operator', origin: OPERATOR } as const
  const { endedSessions } = await endAllSessions(context, end)
  context.say(`${count(endedSessions, 'session')} of ${user.username} ended.`)
}

async function revokeAll(context: CommandContext): Promise<void> {
  context.say(
    `${count(await endEverySession(context, { reason: 'operator', origin: OPERATOR }), 'session')} ended.`,
  )
}
