import type { Command } from 'commander'
import { z } from 'zod'
import { DATE_TIME, instantOf } from '../date-time.ts'
import { eventBody } from '../events/event-body.ts'
import { ROUTINE, SECURITY_EVENTS } from '../store/event-names.ts'
import type { EventFilter, EventRow } from '../store/queries/events.ts'
import { eventsAfter, listEvents } from '../store/queries/events.ts'
import { usernamesOf } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { requireUser } from './find-user.ts'
import { follow, PAGE } from './follow.ts'
import type { ListFormat } from './list.ts'
import { printList, terminalWidth } from './list.ts'
import { isoTime, printable, printJsonLine, printLine } from './output.ts'
import { deviceName, fit, isTerminal, localTime } from './terminal.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface Options {
  readonly user?: string
  readonly session?: string
  readonly name?: string
  readonly since?: string
  readonly limit?: string
  readonly json?: true
  readonly follow?: true
}

const LIMIT = 100

/** `rekindle events` */
export function addEventCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('events')
    .description('list security events, the newest first')
    .option('--user <username>', 'only events of this user (name or id; for a deleted user, the id)')
    .option('--session <id>', 'only events of this session')
    .option('--name <event>', 'only events with this name, such as login.failed')
    .option('--since <time>', 'only events since 2h or 7d ago, or since a time such as 2026-11-22T08:00:00Z')
    .option('--limit <number>', `the maximum number of events (default: ${LIMIT})`)
    .option('--json', 'print a JSON array; with --follow, one JSON object per line')
    .option('--follow', 'print new events as they occur, the oldest first, until SIGINT or SIGTERM')
    .action((options: Options) => {
      const since = readSince(options.since)
      refuseUnknown(options.name)
      const limit = readLimit(options.limit)
      if (options.follow && options.limit !== undefined)
        throw new Failure('--follow cannot be combined with --limit', { exitCode: WRONG_USAGE })
      return withDatabase(env, 'read', (context) => run(context, options, since, limit))
    })
}

async function run(
  context: CommandContext,
  options: Options,
  since: number | undefined,
  limit: number,
): Promise<void> {
  const { session: sessionId, name, json } = options
  const userId = options.user === undefined ? undefined : await userOf(context, options.user)
  const filter = { userId, sessionId, name, since }
  if (options.follow) {
    if (!json) context.remark('waiting for events.')
    // Without --since, existing events are not printed.
    const known = since === undefined ? await listEvents(context.db, { limit: PAGE }) : []
    const page = (after: number, rows: number) => eventsAfter(context.db, { ...filter, after, limit: rows })
    await follow(page, known, async (event) => {
      if (json) printJsonLine(eventBody(event))
      else if (isTerminal()) for (const row of await withNames(context.db, [event])) printShort(row)
      else printLine(EVENTS.table.map(([, cell]) => cell({ ...event, username: '' })))
    })
    return
  }
  await printList(context, pagesOf(context, { ...filter, limit }), EVENTS, json === true)
}

type NamedEvent = EventRow & { readonly username: string }

async function* pagesOf({ db }: CommandContext, filter: EventFilter): AsyncGenerator<NamedEvent[]> {
  let left = filter.limit
  let before: number | undefined
  do {
    const page = await listEvents(db, { ...filter, before, limit: Math.min(left, PAGE) })
    yield await withNames(db, page)
    left = page.length < PAGE ? 0 : left - PAGE
    before = page.at(-1)?.position
  } while (left > 0)
}

async function withNames(db: Database, events: readonly EventRow[]): Promise<NamedEvent[]> {
  const ids = new Set(events.flatMap(({ userId }) => userId ?? []))
  const names = isTerminal() ? await usernamesOf(db, [...ids]) : new Map<string, string>()
  return events.map((event) => ({ ...event, username: names.get(event.userId ?? '') ?? event.userId ?? '-' }))
}

// Events outlive their users, so the id of a deleted user is accepted if it has events.
async function userOf({ db }: CommandContext, nameOrId: string): Promise<string> {
  const [known] = await listEvents(db, { userId: nameOrId, limit: 1 })
  return known === undefined ? (await requireUser(db, nameOrId)).id : nameOrId
}

const LOCAL_TIME = z.union([z.iso.date(), z.iso.datetime({ offset: true, local: true })])

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function readSince(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const span = Number(number) * (UNITS[unit] ?? Number.NaN)
  if (number !== '') return Date.now() - span
  if (DATE_TIME.test(text)) return instantOf(text)
  if (!LOCAL_TIME.safeParse(text).success)
    throw new Failure('--since must be 30m, 2h, 7d, or a time such as 2026-11-22T08:00:00Z', {
      exitCode: WRONG_USAGE,
    })
  return Date.parse(text)
}

function refuseUnknown(name: string | undefined): void {
  const kept: readonly string[] = SECURITY_EVENTS.filter((event) => !ROUTINE.has(event))
  if (name !== undefined && !kept.includes(name))
    throw new Failure(`--name must be one of ${kept.join(', ')}`, { exitCode: WRONG_USAGE })
}

function readLimit(text = String(LIMIT)): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new Failure('--limit must be a whole number from 1 to 9999999', { exitCode: WRONG_USAGE })
  return Number(text)
}

const EVENTS: ListFormat<NamedEvent> = {
  noun: 'event',
  body: eventBody,
  table: [
    ['TIME', ({ occurredAt }) => isoTime(occurredAt)],
    ['EVENT', ({ name }) => name],
    ['REASON', ({ reason }) => reason ?? '-'],
    ['USER', ({ userId }) => userId ?? '-'],
    ['SESSION', ({ sessionId }) => sessionId ?? '-'],
    ['REQUEST', ({ requestId }) => requestId ?? '-'],
    ['ADDRESS', ({ address }) => address ?? '-'],
    ['DEVICE', ({ userAgent }) => userAgent ?? '-'],
  ],
  columns: [
    { head: 'TIME', cell: ({ occurredAt }) => localTime(occurredAt), rank: 0 },
    { head: 'EVENT', cell: ({ name }) => name, rank: 0 },
    { head: 'REASON', cell: ({ reason }) => reason ?? '-', rank: 1 },
    { head: 'USER', cell: ({ username }) => username, rank: 0 },
    { head: 'ADDRESS', cell: ({ address }) => address ?? '-', rank: 3 },
    { head: 'DEVICE', cell: ({ userAgent }) => (userAgent === null ? '-' : deviceName(userAgent)), rank: 2 },
    { head: 'SESSION', cell: ({ sessionId }) => sessionId ?? '-', rank: 4 },
  ],
}

/** Without alignment, because the widths of what comes are not known. */
function printShort(event: NamedEvent): void {
  const cells = EVENTS.columns.map(({ cell }) => printable(cell(event)))
  console.log(fit(cells.join('  '), terminalWidth()))
}
