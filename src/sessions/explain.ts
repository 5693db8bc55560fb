import { deadlineOf } from '../store/queries/deadline.ts'
import type { RevocationReason } from '../store/queries/revocations.ts'
import type { EndEvent, KeptSession, Opened } from '../store/queries/session-history.ts'
import { deletedHistory, endEvents, keptHistory } from '../store/queries/session-history.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'

/** Why a session ended. Deadlines write nothing until the row is deleted, so until then their reasons are derived. */
export type EndReason =
  | RevocationReason
  | 'active'
  /** The idle deadline */
  | 'idle'
  /** The absolute deadline */
  | 'max_age'
  /** One of the two: an older version has deleted the row that would tell which. */
  | 'expired'

/** In words, short enough for a line of a terminal */
const WORDS: Readonly<Record<EndReason, string>> = {
  active: 'It is active.',
  logout: 'The user logged out.',
  logout_all: 'The user logged out everywhere.',
  ended: 'The user ended it in their list.',
  reuse: 'An old token was used: stolen?',
  restored: 'The database was restored.',
  shared: 'Two devices used it: stolen?',
  password: 'The password was changed.',
  deactivated: 'The user was deactivated.',
  operator: 'An operator ended it.',
  evicted: 'The user opened too many others.',
  idle: 'It was not refreshed in time.',
  max_age: 'It reached its maximum age.',
  expired: 'It expired; when is not known.',
}

const isKnown = (reason: string): reason is EndReason => Object.hasOwn(WORDS, reason)

/** A session, and how it ended. Times are in milliseconds since the epoch. */
export interface Explained extends Opened {
  /** Null when the row is deleted */
  readonly refreshedAt: number | null
  /** Null while it is active, and when it is not known */
  readonly endedAt: number | null
  /** An {@link EndReason}, or what a newer version has written as one */
  readonly reason: string
  /** The reason in words */
  readonly explanation: string
}

type End = Pick<Explained, 'endedAt' | 'reason'>

type ExplainContext = Pick<SessionContext, 'db' | 'now' | 'settings'>

/**
 * Explains when and why sessions of a user ended, the newest session first. Rows of ended sessions are kept for about a
 * day. After that, events tell, as long as they are kept.
 *
 * @returns a page, and `next` unless it is the last one
 */
export async function explainSessions(
  context: ExplainContext,
  {
    userId,
    before = '\u{10ffff}',
    limit,
  }: { readonly userId: string; readonly before?: string | undefined; readonly limit: number },
): Promise<{ readonly sessions: readonly Explained[]; readonly next: string | undefined }> {
  const page = { userId, before, limit: limit + 1 }
  const kept = await keptHistory(context.db, page)
  const deleted = await deletedHistory(context.db, page)
  const events = await endEvents(
    context.db,
    userId,
    deleted.map(({ id }) => id),
  )
  const all = [
    ...kept.map((row) => explained(row, row.refreshedAt, endOfKept(row, context))),
    ...deleted.map((row) => explained(row, null, endOfDeleted(row, events))),
  ].sort((a, b) => (a.id < b.id ? 1 : -1))
  const sessions = all.slice(0, limit)
  return { sessions, next: all.length > limit ? sessions.at(-1)?.id : undefined }
}

const explained = (
  { id, createdAt, userAgent, address }: Opened,
  refreshedAt: number | null,
  { endedAt, reason }: End,
): Explained => {
  const explanation = isKnown(reason) ? WORDS[reason] : `It ended: ${reason}.`
  return { id, createdAt, userAgent, address, refreshedAt, endedAt, reason, explanation }
}

/** What came first ended the session: a session is also revoked after its deadline, without an event. */
function endOfKept(row: KeptSession, context: ExplainContext): End {
  const now = context.now()
  const { revokedAt, revokedReason } = row
  const { reason, at } = deadlineOf(row, now - idleCutoff(context, now))
  if (at <= Math.min(revokedAt ?? now, now)) return { reason, endedAt: at }
  if (revokedAt === null) return { reason: 'active', endedAt: null }
  return { reason: revokedReason ?? 'ended', endedAt: revokedAt }
}

/** An ending of all sessions counts as the end, although the session may have expired before it. */
function endOfDeleted({ id, createdAt }: Opened, events: readonly EndEvent[]): End {
  const own = events.find(({ sessionId }) => sessionId === id)
  const end = own ?? events.find(({ sessionId, at }) => sessionId === null && at > createdAt)
  return end === undefined
    ? { reason: 'expired', endedAt: null }
    : { reason: end.reason ?? 'ended', endedAt: end.at }
}
