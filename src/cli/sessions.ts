import type { Command } from 'commander'
import { allActiveSessions } from '../sessions/list.ts'
import { endAllSessions, endEverySession, endSession } from '../sessions/revoke.ts'
import { sessionBody } from '../sessions/session-body.ts'
import { OPERATOR } from '../store/queries/events.ts'
import { listUsers } from '../store/queries/users.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { requireUser } from './find-user.ts'
import { count, printJson, printTable } from './output.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface ListOptions {
  readonly user?: string
  readonly json?: true
}

interface RevokeOptions {
  readonly user?: string
  readonly all?: true
}

/** `rekindle sessions list` and `revoke` */
export function addSessionCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const sessions = program.command('sessions').description('list and end sessions')
  sessions
    .command('list')
    .description('list active sessions, the last refreshed first')
    .option('--user <username>', 'only sessions of this user (name or id)')
    .option('--json', 'print a JSON array')
    .action((options: ListOptions) => withDatabase(env, 'read', (context) => list(context, options)))
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

async function list(context: CommandContext, { user, json }: ListOptions): Promise<void> {
  const userId = user === undefined ? undefined : (await requireUser(context.db, user)).id
  const bodies = (await allActiveSessions(context, userId)).map((session) => ({
    user_id: session.userId,
    ...sessionBody(session),
  }))
  if (json) {
    printJson(bodies)
    return
  }
  const names = new Map((await listUsers(context.db)).map(({ id, username }) => [id, username]))
  printTable(
    ['ID', 'USER', 'CREATED', 'REFRESHED', 'TIMES', 'EXPIRES', 'ADDRESS', 'DEVICE'],
    bodies.map((body) => [
      body.id,
      names.get(body.user_id) ?? body.user_id,
      body.created_at,
      body.refreshed_at,
      String(body.refresh_count),
      body.expires_at,
      body.address ?? '-',
      body.device ?? '-',
    ]),
  )
  context.remark(`${count(bodies.length, 'session')}.`)
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
