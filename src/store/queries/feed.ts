/** The feed of what has ended: see `docs/adr/0061-the-feed.md`. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Range } from '../../clock.ts'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { PrunedBatch } from './prune.ts'
import { timed, unlocked } from './prune.ts'

/** What has ended: a session, sessions of a user, sessions of everybody, or one token */
export type Ended =
  | { readonly sessionId: string; readonly generation?: number }
  | { readonly userId: string; readonly through?: string; readonly except?: string | undefined }
  /** Tokens with an earlier version of the user's claims */
  | { readonly userId: string; readonly claimsVersion: number }
  | { readonly through: string }
  /** `heldUntil`: when its grace window ends */
  | { readonly jti: string; readonly heldUntil: number }

// Rows. Their parameters fit into one statement of either dialect.
const BATCH = 500

const rowOf = (ended: Ended, now: number) => ({
  ended_at: now,
  held_until: 'jti' in ended ? ended.heldUntil : 0,
  session_id: 'sessionId' in ended ? ended.sessionId : 'except' in ended ? (ended.except ?? null) : null,
  user_id: 'userId' in ended ? ended.userId : null,
  jti: 'jti' in ended ? ended.jti : null,
  generation: generationOf(ended),
  through: 'through' in ended ? ended.through : null,
})

function generationOf(ended: Ended): number | null {
  if ('claimsVersion' in ended) return ended.claimsVersion
  return 'generation' in ended ? ended.generation : null
}

/**
 * Puts what has ended into the feed. It is called in the transaction of the ending, so that both or neither are committed.
 *
 * @param now milliseconds since the epoch
 */
export async function insertEnded(db: Database, ended: readonly Ended[], now: number): Promise<void> {
  for (let at = 0; at < ended.length; at += BATCH) {
    const rows = ended.slice(at, at + BATCH).map((one) => rowOf(one, now))
    await db.insertInto('feed').values(rows).execute()
  }
}

/**
 * Puts the unrevoked sessions of a user into the feed as one entry. New sessions have higher ids, because ids begin with the
 * time. The user's row must be locked, so that no session is opened meanwhile.
 *
 * @param except the id of a session that has not ended
 */
export async function insertEndOfUser(db: Database, userId: string, now: number, except?: string) {
  const last = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.max<string | null>('id').as('id'))
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (typeof last?.id === 'string') await insertEnded(db, [{ userId, through: last.id, except }], now)
}

const COLUMNS = [
  'feed.position as position',
  'feed.ended_at as endedAt',
  'feed.session_id as sessionId',
  'feed.user_id as userId',
  'feed.jti as jti',
  'feed.generation as generation',
  'feed.through as through',
] as const

/** An entry that has its position */
export interface FeedEntry {
  readonly position: number
  /** Milliseconds since the epoch */
  readonly endedAt: number
  readonly sessionId: string | null
  readonly userId: string | null
  readonly jti: string | null
  readonly generation: number | null
  readonly through: string | null
}

/** The cursor of a follower that has nothing yet */
export const START = '0'

/**
 * The cursor after an entry. It names what stands at the position: in a restored backup, or after a fail-over that lost
 * commits, something else stands there or nothing, and the follower starts over.
 */
export function cursorAfter(entry: FeedEntry | undefined): string {
  if (entry === undefined) return START
  const { position, ...rest } = entry
  const digest = createHash('sha256').update(JSON.stringify(Object.values(rest)))
  return `${position}.${digest.digest('base64url').slice(0, 10)}`
}

export const positionOf = (cursor: string): number => Number(cursor.split('.')[0])

// Entries that get their positions in one transaction
const MOST = 5000

/**
 * Gives positions to entries that have none. Only one process at a time does this, and it commits before the next one
 * reads. So positions are visible in their order, although transactions that write entries commit in any order.
 *
 * @param due those that are held until a time of this range: see {@link readHead}
 * @returns whether there may be more
 */
export function placeEntries(db: Database, due: Range): Promise<boolean> {
  return transaction(db, async (trx) => {
    // It writes first: on SQLite, a transaction that begins with a read may not be allowed to write.
    const { position } = await trx
      .updateTable('feed_head')
      .set((eb) => ({ position: eb.ref('position') }))
      .where('id', '=', 1)
      .returning('position')
      .executeTakeFirstOrThrow()
    const unplaced = trx
      .selectFrom('feed')
      .select(['id', sql<number>`row_number() over (order by held_until, id)`.as('number')])
      .where('position', 'is', null)
      .where('held_until', '>=', due.from)
      .where('held_until', '<=', due.to)
      .limit(MOST)
    const { numUpdatedRows } = await trx
      .updateTable('feed')
      .from(unplaced.as('unplaced'))
      .set({ position: sql<number>`unplaced.number + ${position}` })
      .whereRef('feed.id', '=', 'unplaced.id')
      .executeTakeFirst()
    const placed = Number(numUpdatedRows)
    if (placed > 0)
      await trx
        .updateTable('feed_head')
        .set({ position: position + placed })
        .where('id', '=', 1)
        .execute()
    return placed === MOST
  })
}

export interface FeedHead {
  /** The last entry that has a position. Undefined when there is none, or it is pruned. */
  readonly last: FeedEntry | undefined
  /** Entries without a position that are held until a time of this range should get one. Undefined: none */
  readonly due: Range | undefined
}

/** @param held entries that are held until a time of this range get no position yet */
export async function readHead(db: Database, held: Range): Promise<FeedHead> {
  const [row] = await head(db, {})
  if (row === undefined) throw new Error('the table feed_head has no row')
  const { first, latest, ...last } = row
  return { last: isEntry(last) ? last : undefined, due: dueOf(held, first, latest) }
}

function dueOf(held: Range, first: number | null, latest: number | null): Range | undefined {
  if (first !== null && first < held.from) return { from: 0, to: held.from - 1 }
  // A clock was set back.
  if (latest !== null && latest > held.to) return { from: held.to + 1, to: Number.MAX_SAFE_INTEGER }
  return undefined
}

// A left join makes every column nullable.
const isEntry = (row: {
  readonly position: number | null
  readonly endedAt: number | null
}): row is FeedEntry => row.position !== null && row.endedAt !== null

const head = prepared((db) =>
  db
    .selectFrom('feed_head')
    .leftJoin('feed', 'feed.position', 'feed_head.position')
    .where('feed_head.id', '=', 1)
    .select(COLUMNS)
    .select((eb) => {
      const unplaced = eb.selectFrom('feed as unplaced').where('unplaced.position', 'is', null)
      // Two queries, of which each looks at one end of the index
      return [
        unplaced.select((of) => of.fn.min('unplaced.held_until').as('time')).as('first'),
        unplaced.select((of) => of.fn.max('unplaced.held_until').as('time')).as('latest'),
      ]
    }),
)

/**
 * Reads entries from a position on, which is that of the follower's last entry.
 *
 * @param since milliseconds since the epoch. What ended before is left out, except the entry at the position itself.
 */
export const readEntries = (
  db: Database,
  { position, since, limit }: { readonly position: number; readonly since: number; readonly limit: number },
): Promise<FeedEntry[]> => entries(db, { position, since, limit }) as Promise<FeedEntry[]>

const entries = prepared(
  (db, from: { readonly position: number; readonly since: number; readonly limit: number }) =>
    db
      .selectFrom('feed')
      .select(COLUMNS)
      .where('feed.position', '>=', from.position)
      .where((eb) => eb.or([eb('feed.position', '=', from.position), eb('feed.ended_at', '>', from.since)]))
      .orderBy('feed.position')
      .limit(from.limit),
)

/** Deletes entries of which no access token lives. @param cutoff milliseconds since the epoch */
export function pruneFeed(db: Database, cutoff: number, batch: number): Promise<PrunedBatch> {
  return timed(db, async (trx) => {
    const old = trx.selectFrom('feed').select('id').where('ended_at', '<=', cutoff)
    const deletion = trx.deleteFrom('feed').where('id', 'in', unlocked(trx, old, batch))
    return { gone: Number((await deletion.executeTakeFirst()).numDeletedRows), kept: 0 }
  })
}
