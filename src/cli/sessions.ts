import type { Command } from 'commander'
import type { LivingSession } from '../sessions/list.ts'
import { livingSessions } from '../sessions/list.ts'
import { endAllSessions, endEverySession, endSession } from '../sessions/revoke.ts'
import { listUsers } from '../store/queries/users.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { requireUser } from './find-user.ts'
import { count, isoTime, printJson, printTable } from './output.ts'
import type { Desk } from './with-database.ts'
import { withSchema } from './with-database.ts'

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
  const sessions = program.command('sessions').description('what is logged in where')
  sessions
    .command('list')
    .description('list living sessions, the last refreshed first')
    .option('--user <username>', 'only those of this user (name or id)')
    .option('--json', 'print a JSON array')
    .action((options: ListOptions) => withSchema(env, (desk) => list(desk, options)))
  sessions
    .command('revoke')
    .description('end a session, all sessions of a user, or all sessions')
    .argument('[session]', 'id of the session')
    .option('--user <username>', 'all of this user (name or id)')
    .option('--all', 'all of everybody, as after an intrusion')
    .action((id: string | undefined, { user, all }: RevokeOptions) => {
      if ([id, user, all].filter((given) => given !== undefined).length === 1) {
        if (id !== undefined) return withSchema(env, (desk) => revokeOne(desk, id))
        if (user !== undefined) return withSchema(env, (desk) => revokeOf(desk, user))
        return withSchema(env, revokeAll)
      }
      throw new Failure('give either the id of a session, --user or --all', { exitCode: WRONG_USAGE })
    })
}

async function list(desk: Desk, { user, json }: ListOptions): Promise<void> {
  const userId = user === undefined ? undefined : (await requireUser(desk.db, user)).id
  const bodies = (await livingSessions(desk, Number.MAX_SAFE_INTEGER, userId)).map(sessionBody)
  if (json) {
    printJson(bodies)
    return
  }
  const names = new Map((await listUsers(desk.db)).map(({ id, username }) => [id, username]))
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
}

// As in the contract's `Session`
function sessionBody(session: LivingSession) {
  return {
    id: session.id,
    user_id: session.userId,
    device: session.userAgent,
    address: session.address,
    created_at: isoTime(session.createdAt),
    refreshed_at: isoTime(session.refreshedAt),
    refresh_count: session.refreshCount,
    expires_at: isoTime(session.endsAt),
  }
}

async function revokeOne(desk: Desk, id: string): Promise<void> {
  const ended = await endSession(desk, id, 'operator')
  if (!ended) throw new Failure(`no such session, or it is over already: ${id}`)
  console.log(`Session ${id} ended.`)
}

async function revokeOf(desk: Desk, nameOrId: string): Promise<void> {
  const user = await requireUser(desk.db, nameOrId)
  const ended = await endAllSessions(desk, user.id, 'operator')
  console.log(`${count(ended.length, 'session')} of ${user.username} ended.`)
}

async function revokeAll(desk: Desk): Promise<void> {
  console.log(`${count(await endEverySession(desk, 'operator'), 'session')} ended.`)
}
