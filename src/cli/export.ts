import type { Command } from 'commander'
import { eventBody } from '../events/event-body.ts'
import { eventsAfter } from '../store/queries/events.ts'
import { keptAdoptions, keptReset, keptSessions, keptTokens } from '../store/queries/kept-of-user.ts'
import type { KeptCount } from '../store/queries/rate-limits.ts'
import { listPoints } from '../store/queries/rate-limits.ts'
import type { Database } from '../store/schema.ts'
import { foldCase } from '../users/fold-case.ts'
import { userBody } from '../users/user-body.ts'
import { requireUser } from './find-user.ts'
import { isoTime, printJson } from './output.ts'
import { readNames } from './read-names.ts'
import { withDatabase } from './with-database.ts'

/** `rekindle users export` */
export function addExportCommand(users: Command, env: NodeJS.ProcessEnv): void {
  users
    .command('export')
    .description('print all that is kept of a user as JSON, except hashes of passwords and tokens')
    .argument('<username>', 'name or id')
    .action((username: string) => {
      // Finds the counters of the username.
      const hashes = readNames(env)?.hashes ?? (() => [])
      return withDatabase(env, 'read', ({ db }) => exportUser(db, username, hashes))
    })
}

async function exportUser(
  db: Database,
  nameOrId: string,
  nameHashes: (account: string) => readonly string[],
): Promise<void> {
  const user = await requireUser(db, nameOrId)
  const sessions = await keptSessions(db, user.id)
  const reset = await keptReset(db, user.id)
  const hashes = nameHashes(foldCase(user.username))
  const keys = [
    ...hashes.flatMap((hash) => BY_NAME.map((limit) => `${limit}:${hash}`)),
    ...sessions.map(({ id }) => `refresh:${id}`),
  ]
  printJson({
    user: userBody(user),
    sessions: sessions.map(withTimes),
    password_reset: reset === undefined ? null : withTimes(reset),
    exchanged_tokens: (await keptTokens(db, user.id)).map(withTimes),
    adopted_tokens: (await keptAdoptions(db, user.id)).map(withTimes),
    events: await allEvents(db, user.id),
    limits: (await keptLimits(db, user.id, keys)).map(limitBody),
  })
}

// The limits that count by username
const BY_NAME = ['login-account', 'login-address', 'login-delay', 'login-seen', 'password', 'sessions-user']

// Keys per statement, far below the maximum number of its parameters
const KEYS = 500

async function keptLimits(db: Database, userId: string, keys: readonly string[]): Promise<KeptCount[]> {
  const found = new Map<string, KeptCount>()
  const alone = `refresh-user:${userId}`
  for (let at = 0; at === 0 || at < keys.length; at += KEYS)
    for (const row of await listPoints(db, userId, { keys: keys.slice(at, at + KEYS), alone }))
      found.set(row.key, row)
  return [...found.values()]
}

/** `of` is the network or session that is counted beside the name, or the session or user that is counted alone. */
function limitBody({ key, points, expiresAt }: KeptCount) {
  const [limit = '', subject = '', ...rest] = key.split(':')
  const of = BY_NAME.includes(limit) ? rest.join(':') : [subject, ...rest].join(':')
  return { limit, of: of === '' ? null : of, points, expires_at: isoTime(expiresAt) }
}

// Rows of a page
const PAGE = 500

async function allEvents(db: Database, userId: string) {
  const events = []
  for (let after = 0, isLast = false; !isLast; ) {
    const page = await eventsAfter(db, { userId, after, limit: PAGE })
    events.push(...page.map(eventBody))
    after = page.at(-1)?.position ?? after
    isLast = page.length < PAGE
  }
  return events
}

/** Columns as they are, with times in ISO 8601 */
const withTimes = (row: Readonly<Record<string, string | number | null>>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('_at') && value !== null ? isoTime(Number(value)) : value,
    ]),
  )
