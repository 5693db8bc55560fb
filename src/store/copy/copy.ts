import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'
import { isCopy, markFinished, markUnfinished } from './mark.ts'

// Rows. Their parameters fit into one statement of either dialect.
const BATCH = 500

// A table comes after the tables that it refers to. Counters of limits are not copied: they start again.
const TABLES = [
  { name: 'users', key: 'id' },
  { name: 'sessions', key: 'id' },
  { name: 'password_resets', key: 'user_id' },
  { name: 'revoked_tokens', key: 'jti' },
  { name: 'adopted_tokens', key: 'digest' },
  { name: 'foreign_revocations', key: 'jti' },
  { name: 'events', key: 'position' },
  { name: 'signing_keys', key: 'kid' },
  { name: 'feed', key: 'id' },
] as const

type Table = (typeof TABLES)[number]
type Row = Record<string, string | number | null>
// Tables with any columns
type Rows = Kysely<Record<string, Row>>

/** What was done with rows */
export type CopyStep = `${Table['name']} ${'copied' | 'compared'}`

export type CopyOutcome =
  | { readonly outcome: 'copied'; readonly rows: Readonly<Record<Table['name'], number>> }
  /** The target is not a copy: it has users that the source does not have, or a later refresh. */
  | { readonly outcome: 'in_use' }
  | { readonly outcome: 'differs'; readonly table: Table['name']; readonly key: string }

/**
 * Makes the target equal to a snapshot of the source and compares them. The source may be written to meanwhile. A copy
 * that was interrupted can be run again.
 *
 * @param source a database with the current schema
 * @param target a database with the current schema
 * @param now milliseconds since the epoch
 * @param onRows called with what is done so far
 */
export function copyRows(
  source: Database,
  target: Database,
  now: number,
  onRows: (step: CopyStep, rows: number) => void = () => {},
): Promise<CopyOutcome> {
  const snapshot = source.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (trx) => {
    // Kysely knows the columns of each table, but here all tables are treated alike.
    const [from, to] = [trx as unknown as Rows, target as unknown as Rows]
    if (!(await isCopy(target)) && (await isInUse(from, to))) return { outcome: 'in_use' }
    await markUnfinished(target)
    // Deleting comes first, because a new user may have the name of a deleted one.
    for (const table of TABLES) await deleteMissing(from, to, table)
    const rows = {
      ...{ users: 0, sessions: 0, password_resets: 0, revoked_tokens: 0 },
      ...{ adopted_tokens: 0, foreign_revocations: 0, events: 0, signing_keys: 0, feed: 0 },
    }
    for (const table of TABLES) rows[table.name] = await upsertAll(from, to, table, onRows)
    for (const table of TABLES) {
      const key = await firstDifference(from, to, table, onRows)
      if (key !== undefined) return { outcome: 'differs', table: table.name, key }
    }
    await continueNumbers(target)
    await markFinished(target, now)
    return { outcome: 'copied', rows }
  })
}

/** PostgreSQL's sequences do not notice inserted numbers. SQLite continues from the rows. */
async function continueNumbers(target: Database): Promise<void> {
  await sql`update feed_head set position = (select coalesce(max(position), 0) from feed)`.execute(target)
  if (!isPostgres(target)) return
  for (const [table, column] of [
    ['events', 'position'],
    ['feed', 'id'],
  ]) {
    const sequence = sql`pg_get_serial_sequence(${sql.lit(table)}, ${sql.lit(column)})`
    const last = sql`coalesce(max(${sql.ref(String(column))}), 0) + 1`
    await sql`select setval(${sequence}, ${last}, false) from ${sql.table(String(table))}`.execute(target)
  }
}

async function isInUse(from: Rows, to: Rows): Promise<boolean> {
  for await (const users of batches(to, TABLES[0])) {
    if ((await missing(from, TABLES[0], users)).length > 0) return true
  }
  return (await lastRefresh(to)) > (await lastRefresh(from))
}

async function lastRefresh(db: Rows): Promise<number> {
  const query = db.selectFrom('sessions').select((eb) => eb.fn.max('refreshed_at').as('time'))
  return Number((await query.executeTakeFirst())?.time ?? 0)
}

/** Yields all rows in the order of the primary key, which is the order of its bytes in both dialects. */
async function* batches(db: Rows, { name, key }: Table): AsyncGenerator<Row[], undefined> {
  let last: Row | undefined
  do {
    const after = last?.[key]
    const rows: Row[] = await db
      .selectFrom(name)
      .selectAll()
      .$if(after !== undefined, (query) => query.where(key, '>', after ?? ''))
      .orderBy(key)
      .limit(BATCH)
      .execute()
    if (rows.length > 0) yield rows
    last = rows[BATCH - 1]
  } while (last !== undefined)
}

/** @returns the keys of the rows that the source does not have */
async function missing(from: Rows, { name, key }: Table, rows: readonly Row[]): Promise<Row[string][]> {
  const keys = rows.map((row) => row[key] ?? '')
  const found = await from.selectFrom(name).select(key).where(key, 'in', keys).execute()
  const present = new Set(found.map((row) => row[key]))
  return keys.filter((value) => !present.has(value))
}

async function deleteMissing(from: Rows, to: Rows, table: Table): Promise<void> {
  for await (const rows of batches(to, table)) {
    const keys = await missing(from, table, rows)
    if (keys.length > 0) await to.deleteFrom(table.name).where(table.key, 'in', keys).execute()
  }
}

type OnRows = (step: CopyStep, rows: number) => void

async function upsertAll(from: Rows, to: Rows, table: Table, onRows: OnRows): Promise<number> {
  let count = 0
  for await (const rows of batches(from, table)) {
    const columns = Object.keys(rows[0] ?? {})
    await to
      .insertInto(table.name)
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column(table.key)
          .doUpdateSet((eb) =>
            Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)])),
          ),
      )
      .execute()
    count += rows.length
    onRows(`${table.name} copied`, count)
  }
  return count
}

/** @returns the key of the first row that only one side has, or that differs */
async function firstDifference(
  from: Rows,
  to: Rows,
  table: Table,
  onRows: OnRows,
): Promise<string | undefined> {
  const copies = batches(to, table)
  let count = 0
  for await (const rows of batches(from, table)) {
    const { value: found = [] } = await copies.next()
    const at = rows.findIndex((row, index) => !isDeepStrictEqual({ ...row }, { ...found[index] }))
    if (at !== -1) return String(rows[at]?.[table.key])
    if (found.length > rows.length) return String(found[rows.length]?.[table.key])
    count += rows.length
    onRows(`${table.name} compared`, count)
  }
  const { value } = await copies.next()
  return value === undefined ? undefined : String(value[0]?.[table.key])
}
