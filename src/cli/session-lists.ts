import type { Command } from 'commander'
import type { Explained } from '../sessions/explain.ts'
import { explainSessions } from '../sessions/explain.ts'
import type { ActiveSession } from '../sessions/list.ts'
import { activeSessions, allActiveSessions } from '../sessions/list.ts'
import { bindingOf, explainedBody, lastOrigin, sessionBody } from '../sessions/session-body.ts'
import { usernamesOf } from '../store/queries/users.ts'
import { requireUser } from './find-user.ts'
import type { ListFormat } from './list.ts'
import { printList } from './list.ts'
import { isoTime } from './output.ts'
import { deviceName, fit, localTime } from './terminal.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface Options {
  readonly user?: string
  readonly json?: true
}

/** `rekindle sessions list` and `explain` */
export function addSessionListCommands(sessions: Command, env: NodeJS.ProcessEnv): void {
  sessions
    .command('list')
    .description('list active sessions: of a user the last refreshed first, of all users the newest first')
    .option('--user <username>', 'only sessions of this user (name or id)')
    .option('--json', 'print a JSON array')
    .action((options: Options) => withDatabase(env, 'read', (context) => list(context, options)))
  sessions
    .command('explain')
    .description('tell when and why the sessions of a user ended, the newest session first')
    .requiredOption('--user <username>', 'the user (name or id)')
    .option('--json', 'print a JSON array')
    .action((options: Options) => withDatabase(env, 'read', (context) => explain(context, options)))
}

// Columns of a terminal. With an id, 80 have room for a user and `Chrome on Windows`.
const USER = 20
const DEVICE = 17

const shortDevice = (userAgent: string | null) =>
  userAgent === null ? '-' : fit(deviceName(userAgent), DEVICE)

type NamedSession = ActiveSession & { readonly username: string }

const ACTIVE: ListFormat<NamedSession> = {
  noun: 'session',
  body: (session) => ({ user_id: session.userId, ...sessionBody(session) }),
  table: [
    ['ID', ({ id }) => id],
    ['USER', ({ username }) => username],
    ['CREATED', ({ createdAt }) => isoTime(createdAt)],
    ['REFRESHED', ({ refreshedAt }) => isoTime(refreshedAt)],
    ['TIMES', ({ refreshCount }) => String(refreshCount)],
    ['EXPIRES', ({ endsAt }) => isoTime(endsAt)],
    ['BOUND', (session) => bindingOf(session) ?? '-'],
    ['ADDRESS', ({ address }) => address ?? '-'],
    ['DEVICE', ({ userAgent }) => userAgent ?? '-'],
    ['LAST ADDRESS', (session) => lastOrigin(session).address ?? '-'],
    ['LAST DEVICE', (session) => lastOrigin(session).device ?? '-'],
  ],
  columns: [
    { head: 'ID', cell: ({ id }) => id, rank: 0 },
    { head: 'USER', cell: ({ username }) => fit(username, USER), rank: 1 },
    { head: 'DEVICE', cell: ({ userAgent }) => shortDevice(userAgent), rank: 2 },
    { head: 'REFRESHED', cell: ({ refreshedAt }) => localTime(refreshedAt), rank: 3 },
    { head: 'ADDRESS', cell: ({ address }) => address ?? '-', rank: 4 },
    { head: 'LAST ADDRESS', cell: (session) => lastOrigin(session).address ?? '-', rank: 5 },
    { head: 'OPENED', cell: ({ createdAt }) => localTime(createdAt), rank: 6 },
    { head: 'BOUND', cell: (session) => bindingOf(session) ?? '-', rank: 7 },
  ],
}

async function list(context: CommandContext, { user, json }: Options): Promise<void> {
  const pages = user === undefined ? sessionsOfAll(context) : sessionsOf(context, user)
  await printList(context, pages, ACTIVE, json === true)
}

async function* sessionsOf(context: CommandContext, nameOrId: string): AsyncGenerator<NamedSession[]> {
  const { id, username } = await requireUser(context.db, nameOrId)
  yield (await allActiveSessions(context, id)).map((session) => ({ ...session, username }))
}

// Rows
const PAGE = 500

async function* sessionsOfAll(context: CommandContext): AsyncGenerator<NamedSession[]> {
  let before: string | undefined
  do {
    const { sessions, next } = await activeSessions(context, { before, limit: PAGE })
    const ids = [...new Set(sessions.map(({ userId }) => userId))]
    const names = await usernamesOf(context.db, ids)
    yield sessions.map((session) => ({ ...session, username: names.get(session.userId) ?? session.userId }))
    before = next
  } while (before !== undefined)
}

const EXPLAINED: ListFormat<Explained> = {
  noun: 'session',
  body: explainedBody,
  table: [
    ['ID', ({ id }) => id],
    ['OPENED', ({ createdAt }) => isoTime(createdAt)],
    ['ENDED', ({ endedAt }) => (endedAt === null ? '-' : isoTime(endedAt))],
    ['REASON', ({ reason }) => reason],
    ['EXPLANATION', ({ explanation }) => explanation],
    ['ADDRESS', ({ address }) => address ?? '-'],
    ['DEVICE', ({ userAgent }) => userAgent ?? '-'],
  ],
  columns: [
    { head: 'OPENED', cell: ({ createdAt }) => localTime(createdAt), rank: 0 },
    { head: 'ENDED', cell: ({ endedAt }) => (endedAt === null ? '-' : localTime(endedAt)), rank: 0 },
    { head: 'DEVICE', cell: ({ userAgent }) => shortDevice(userAgent), rank: 1 },
    { head: 'WHY', cell: ({ explanation }) => explanation, rank: 0 },
    { head: 'ADDRESS', cell: ({ address }) => address ?? '-', rank: 2 },
    { head: 'ID', cell: ({ id }) => id, rank: 3 },
  ],
}

async function explain(context: CommandContext, { user = '', json }: Options): Promise<void> {
  const { id } = await requireUser(context.db, user)
  let hasActive = false
  const pages = async function* () {
    let before: string | undefined
    do {
      const { sessions, next } = await explainSessions(context, { userId: id, before, limit: PAGE })
      hasActive ||= sessions.some(({ reason }) => reason === 'active')
      yield sessions
      before = next
    } while (before !== undefined)
  }
  await printList(context, pages(), EXPLAINED, json === true)
  if (json) return
  if (hasActive)
    console.error(
      'Active, but the user was logged out? Then the client has lost its token, for example the cookie.',
    )
  console.error('How long ended sessions are known: docs/operations.md, "Why was I logged out?"')
}
